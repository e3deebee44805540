"""An answer in the provider's form: TwiML (https://www.twilio.com/docs/messaging/twiml). Pure."""

from xml.sax.saxutils import escape

LIMIT = 1600
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def twiml(text: str = "") -> str:
    """Return a document that sends `text` back, or sends nothing.

    Characters that XML does not know are left out; what is longer than one message may be is cut, visibly.
    """
    plain = "".join(c for c in text if c in "\n\t" or (c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF))
    if not plain.strip():
        return f"{_HEAD}<Response/>"
    cut = plain if len(plain) <= LIMIT else plain[: LIMIT - 2] + " …"
    return f"{_HEAD}<Response><Message>{escape(cut)}</Message></Response>"
