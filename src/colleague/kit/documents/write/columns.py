"""How wide the columns of a table are. Pure."""

from collections.abc import Sequence

LOOKED_AT, LONGEST_WORD, FIRST_WORD, LONG_TEXT, TO_FILL = 200, 10, 12, 150, 12


def column_widths(rows: Sequence[Sequence[str]], width: float, *, letter: float, padding: float) -> list[float]:
    """Return the widths of the columns, together `width`; `letter` is how wide a letter is, `padding` what is round it.

    Each column holds its longest word, up to a length; the rest is shared by the length of the texts. A column that is
    empty below its header is there to be filled in and gets room for it.
    """
    least, wish = [], []
    for column in range(max((len(row) for row in rows), default=0)):
        texts = [row[column] for row in rows[:LOOKED_AT] if column < len(row)]
        cut = LONGEST_WORD if column else FIRST_WORD
        longest = max((min(len(word), cut) for text in texts for word in text.split()), default=3)
        least.append(longest * letter + padding)
        below = sum(len(text) for text in texts[1:])
        mean = min(below / max(len(texts) - 1, 1), LONG_TEXT)
        wish.append(TO_FILL if len(texts) > 1 and not below else max(mean - longest, 0))
    free = max(width - sum(least), 0)
    shared = [small + free * want / max(sum(wish), 1) for small, want in zip(least, wish, strict=True)]
    return [width * each / sum(shared) for each in shared]
