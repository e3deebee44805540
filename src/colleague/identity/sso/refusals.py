"""Why a provider's word was not taken. The docstring is what people read; the class name stands in the ledger."""

from colleague.kit.errors import Conflict, Forbidden, NotFound, Unavailable


class NoSuchProvider(NotFound):
    """There is no such identity provider, or it is switched off."""


class ProviderFailed(Unavailable):
    """The identity provider does not answer as it should: {why}. Nothing was done."""


class SignOnRefused(Forbidden):
    """The identity provider's answer was not accepted."""


class FlowSpent(SignOnRefused):
    """This sign-in was used already, has expired, or was begun elsewhere (state mismatch). Begin again."""


class OtherBrowser(SignOnRefused):
    """This sign-in was begun in another browser. Begin again in this one."""


class ProviderSaysNo(SignOnRefused):
    """The identity provider did not sign you in: it says «{word}»."""


class WrongIssuer(SignOnRefused):
    """The answer comes from another issuer than the one that is set up."""


class WrongAudience(SignOnRefused):
    """The answer was made for another application (audience), not for this one."""


class Expired(SignOnRefused):
    """The answer has expired. Begin again; if it happens again, the clocks of both sides differ."""


class ClockSkew(SignOnRefused):
    """The answer is dated in the future: the clocks of the identity provider and of this server differ."""


class NonceMismatch(SignOnRefused):
    """The answer belongs to another sign-in (nonce mismatch). Begin again."""


class Unsigned(SignOnRefused):
    """The answer is not signed."""


class WrongAlgorithm(SignOnRefused):
    """The answer is signed in a way that is not among those allowed for this provider."""


class UnknownKey(SignOnRefused):
    """The answer is signed with a key that the identity provider does not publish."""


class BadSignature(SignOnRefused):
    """The signature of the answer does not hold."""


class Malformed(SignOnRefused):
    """The answer cannot be read, or lacks what it must have ({what})."""


class Replayed(SignOnRefused):
    """This answer was used already."""


class Unsolicited(SignOnRefused):
    """Nobody here asked for this answer (unsolicited). Begin on our own sign-in page."""


class Wrapped(SignOnRefused):
    """What is signed is not what would be read (signature wrapping)."""


class NoMail(SignOnRefused):
    """The identity provider does not say your mail address, so nobody can be found by it. It must send the claim."""


class UnverifiedMail(SignOnRefused):
    """Your mail address is not verified by the identity provider, so nobody is linked by it.
    An owner may name the mail domains that the provider speaks for.
    """


class ForeignDomain(SignOnRefused):
    """Your mail address is not in a domain that this identity provider speaks for."""


class NotProvisioned(SignOnRefused):
    """You have no account here, and this identity provider makes none. Ask an administrator to add you."""


class PersonNotActive(SignOnRefused):
    """Your account here is not active. Ask an administrator."""


class LinkItYourself(SignOnRefused):
    """Accounts of owners and administrators are never linked by a mail address alone.
    Sign in with your password or passkey first, then connect the provider on the page «Me».
    """


class AlreadyLinked(SignOnRefused):
    """This account here is linked to another account of the identity provider. Remove that link under «Me» first."""


class LinkedElsewhere(Conflict):
    """This account of the identity provider belongs to somebody else here."""
