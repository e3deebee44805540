"""Characters that nobody sees are no reason, whichever script the others are in."""

import pytest

from colleague.kit.seen import letters, says


@pytest.mark.parametrize("blank", "\u2800\u3164\u115f\u1160\uffa0\u00a0\u0301\u200b. ")
def test_what_nobody_reads_says_nothing(blank: str) -> None:
    assert letters(blank * 40) == 0
    assert not says(blank * 40)
    assert not says(f"because{blank * 40}", 30)


@pytest.mark.parametrize("reason", [
    "Der Vorstand will es vor dem Sommer haben.", "Потому что так решил совет директоров.",
    "理事会希望在夏天之前完成这项工作无论衡量结果如何我们都愿意承担由此产生的风险",
    "เพราะคณะกรรมการต้องการให้เสร็จก่อนฤดูร้อนนี้", "क्योंकि बोर्ड इसे गर्मियों से पहले पूरा करना चाहता है",
    "40 of 41 seats are taken, 12 wait since May.",
])  # fmt: skip
def test_what_somebody_wrote_says_something(reason: str) -> None:
    assert says(reason, 30)
