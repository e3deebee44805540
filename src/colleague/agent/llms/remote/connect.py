"""From a provider's kind, address and key to a model. Each kind's packages are imported when it is first connected."""

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model

from colleague.agent.llm import ModelRejects
from colleague.agent.llms.remote.llm import RemoteLlm

KINDS = ("anthropic", "openai", "azure", "compatible", "bedrock", "google", "vertex")


class NotSetUp(ModelRejects):
    """The model «{name}» is not set up completely: {why}."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a provider is reached. `key` is its secret in the form its kind takes; `client` an HTTP client (httpx2)."""

    kind: str
    address: str = ""
    key: str = field(default="", repr=False)
    region: str = ""
    project: str = ""
    version: str = ""
    streams: bool = True
    client: Any = field(default=None, repr=False)


def connect(name: str, model: str, line: Line) -> RemoteLlm:
    """Return the model `model` of the provider at `line`, called `name` in every message. Raises NotSetUp."""
    try:
        return RemoteLlm(name, _model(model, line), streams=line.streams, retries=line.kind != "bedrock")
    except UserError:
        raise NotSetUp(name=name, why="look at its address, key and model name") from None
    except (ValueError, TypeError, KeyError):
        # Not chained: the text of these may repeat the key.
        raise NotSetUp(name=name, why="its key does not have the form this kind takes") from None
    except ImportError:
        extra = "bedrock" if line.kind == "bedrock" else "google"
        raise NotSetUp(name=name, why=f"its package is missing: pip install 'colleague[{extra}]'") from None


def _model(model: str, line: Line) -> Model:
    key, address = line.key or "none", line.address or None
    match line.kind:
        case "anthropic":
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            return AnthropicModel(
                model, provider=AnthropicProvider(api_key=key, base_url=address, http_client=line.client)
            )
        case "openai" | "compatible":
            from pydantic_ai.models.openai import OpenAIChatModel
            from pydantic_ai.providers.openai import OpenAIProvider

            home = address or "https://api.openai.com/v1"
            return OpenAIChatModel(model, provider=OpenAIProvider(api_key=key, base_url=home, http_client=line.client))
        case "azure":
            from pydantic_ai.models.openai import OpenAIChatModel
            from pydantic_ai.providers.azure import AzureProvider

            version = None if line.address.rstrip("/").endswith("/v1") else line.version or "2024-10-21"
            azure = AzureProvider(azure_endpoint=address, api_version=version, api_key=key, http_client=line.client)
            return OpenAIChatModel(model, provider=azure)
        case "google" | "vertex":
            return _google(model, line)
        case "bedrock":
            return _bedrock(model, line)
        case _:
            raise UserError("unknown kind")


def _google(model: str, line: Line) -> Model:
    from pydantic_ai.models.google import GoogleModel

    if line.kind == "google":
        from pydantic_ai.providers.google import GoogleProvider

        return GoogleModel(
            model,
            provider=GoogleProvider(api_key=line.key or "none", base_url=line.address or None, http_client=line.client),
        )
    from google.oauth2 import service_account
    from pydantic_ai.providers.google_cloud import GoogleCloudProvider

    # The key of Vertex is the JSON text of a service account.
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    given = json.loads(line.key)
    credentials = service_account.Credentials.from_service_account_info(given, scopes=scopes)  # type: ignore[no-untyped-call]
    cloud = GoogleCloudProvider(
        credentials=credentials, project=line.project or given["project_id"], location=line.region or None,
        base_url=line.address or None, http_client=line.client,
    )  # fmt: skip
    return GoogleModel(model, provider=cloud)


def _bedrock(model: str, line: Line) -> Model:
    import boto3
    import botocore.session
    from botocore.config import Config
    from botocore.tokens import FrozenAuthToken
    from pydantic_ai.models.bedrock import BedrockConverseModel
    from pydantic_ai.providers.bedrock import BedrockProvider

    class Bearer(botocore.session.Session):  # type: ignore[misc]
        """A session that signs with a Bedrock API key, and looks for no credentials on this machine."""

        def get_auth_token(self, **more: Any) -> FrozenAuthToken:
            return FrozenAuthToken(line.key or "none")

        def get_credentials(self) -> None:
            return None

    # Its own retries are off: the run tries again by itself, where people can see it.
    given: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "read_timeout": 120, "connect_timeout": 10}
    identity, colon, secret = line.key.partition(":")
    if colon and identity.startswith(("AKIA", "ASIA")):
        secret, _, token = secret.partition(":")
        session = boto3.Session(
            aws_access_key_id=identity, aws_secret_access_key=secret, aws_session_token=token or None,
            region_name=line.region,
        )  # fmt: skip
    else:
        session = boto3.Session(botocore_session=Bearer(), region_name=line.region)
        given["signature_version"] = "bearer"
    client = session.client("bedrock-runtime", config=Config(**given), endpoint_url=line.address or None)
    return BedrockConverseModel(model, provider=BedrockProvider(bedrock_client=client))
