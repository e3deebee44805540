"""The readout tells hours with their interval, what they cost, what was set aside; never activity alone."""

import io
import json
import math
from dataclasses import replace
from datetime import UTC, datetime

import docx
import pypdfium2
import pytest
from tests.rollout.readout.cases import KNOWN, parts, workflow

from colleague.kit.canonical import digest
from colleague.kit.documents.write.formats import write
from colleague.rollout.readout.compose import ActivityAlone, Unexplained, compose, hours_of, total_hours
from colleague.rollout.readout.document import empty_form, fitted, in_full
from colleague.rollout.readout.model import Figure, Frozen, Override, Readout
from colleague.rollout.readout.trend import trend
from colleague.rollout.readout.words import break_even, shown

NONE = Figure("Task completion", "share", absent="not measured: no run is seven days old")


def frozen(readout: Readout) -> Frozen:
    return Frozen(3, readout, digest(readout.to_json()), "person_1", datetime(2027, 3, 15, 9, tzinfo=UTC))


def test_hours_are_volume_times_baseline_times_reduction_with_the_interval_of_the_reduction() -> None:
    one = hours_of(120, 90, Figure("R", "share", 0.5, 0.35, 0.62, 80), "readout")
    assert (one.value, one.low, one.high, one.n) == (90, pytest.approx(63), pytest.approx(111.6), 120)
    assert hours_of(120, None, Figure("R", "share", 0.5), "readout").absent == "not measured"


def test_the_portfolio_counts_what_is_strong_enough_and_joins_independent_intervals() -> None:
    two = (workflow("A"), workflow("B", runs=60, before=120, share=0.4, low=0.2, high=0.5))
    total = total_hours(two)
    assert total.value is not None
    assert total.low is not None
    assert total.high is not None
    assert total.value == pytest.approx(90 + 48)
    assert total.low == pytest.approx(138 - math.hypot(90 - 63, 48 - 24))
    assert total.high == pytest.approx(138 + math.hypot(111.6 - 90, 60 - 48))
    weak = workflow("C", strength="indicative", runs=1000)
    assert total_hours((*two, weak)).value == total.value
    assert "1 not counted" in total_hours((*two, weak)).note
    for short in (weak, workflow("D", strength="nothing")):
        nothing = total_hours((short,))
        assert nothing.value is None
        assert "no use case has thirty times before and after" in nothing.absent
    unbound = replace(workflow("E"), hours=Figure("Hours saved", "hours", 10.0))
    assert total_hours((unbound, *two)).low is None


def test_a_readout_with_weekly_active_people_alone_is_refused() -> None:
    with pytest.raises(ActivityAlone, match="no run is seven days old"):
        compose(parts(completion=NONE, breadth=NONE, time=NONE))
    for missing in ("completion", "breadth", "time"):
        without = {missing: Figure(missing.title(), "share")}
        with pytest.raises(Unexplained, match=missing):
            compose(parts(**without))
        explained = compose(parts(**{missing: replace(NONE, name=missing.title())}))
        assert any(one.absent for one in explained.figures)
    with pytest.raises(Unexplained, match="weekly"):
        compose(parts(wau=Figure("Weekly active people", "share")))


def test_cost_and_break_even_by_hand() -> None:
    cost = compose(parts(workflows=(workflow("A"),))).cost
    assert cost is not None
    # 61 days are 2.004 months; 90 hours at 80 are 7,200; 30 seats at 60, models 400 dollars at 0.9, 2,000 a month.
    months = 61 / (365.25 / 12)
    assert cost.months == round(months, 2)
    assert cost.licence == pytest.approx(30 * 60 * months)
    assert cost.models == 360
    assert cost.total == pytest.approx(30 * 60 * months + 360 + 2000 * months)
    assert cost.net.value == pytest.approx(7200 - cost.total)
    assert cost.net.low == pytest.approx(63 * 80 - cost.total)
    gain = 7200 / 30 / months - (cost.licence + 360) / 30 / months
    assert cost.break_even_seats == math.ceil(2000 / gain)
    # At this many seats value and cost meet: one seat fewer loses, this many do not.
    assert cost.break_even_seats * gain >= 2000 > (cost.break_even_seats - 1) * gain
    assert cost.break_even_months is None
    assert cost.net.value < 0
    seats, months_said = break_even(cost)
    assert "from 38 seats on" in seats
    assert "not at this rate" in months_said
    rich = compose(parts(workflows=(workflow("A", runs=1200),))).cost
    assert rich is not None
    assert rich.break_even_months == pytest.approx(30000 / ((rich.net.value or 0) / months), abs=0.06)
    assert compose(parts(assumptions=replace(KNOWN, fixed=0, once=0))).cost.break_even_months == 0  # type: ignore[union-attr]
    assert compose(parts(seats=0)).cost.break_even_seats is None  # type: ignore[union-attr]
    assert "No cost model is kept" in compose(parts(assumptions=None)).no_cost
    assert "colleague programme cost" in compose(parts(assumptions=None)).no_cost


def test_a_readout_comes_back_from_json_as_it_was_and_equal_parts_give_an_equal_digest() -> None:
    readout = compose(parts())
    kept = json.loads(json.dumps(readout.to_json()))
    assert Readout.from_json(kept) == readout
    assert digest(Readout.from_json(kept).to_json()) == digest(compose(parts()).to_json())


def test_the_one_page_is_one_page_and_says_what_was_set_aside() -> None:
    many = tuple(workflow(f"Use case number {n} with a rather long name for a table", id=f"uc_{n}") for n in range(9))
    asks = "We ask for 120 seats from April on. " * 30
    long = "not measured: no run of the period is seven days old, and none can be until the end of next week at least"
    names = ("completion", "breadth", "tickets", "leaders", "sessions")
    absent = {name: Figure(name.title(), "share", absent=long) for name in names}
    skipped = [Override(f"Gate {n} was skipped", "x " * 300, ("A", "B"), "2027-02-20") for n in (1, 2, 3)] * 2
    full = [replace(parts().gates[1], title=f"Criterion number {n} is not met at all") for n in range(6)]
    worst = parts(workflows=many, ask=asks, overrides=skipped, gates=full, **absent)
    costless = compose(replace(worst, assumptions=None))
    for readout in (compose(parts()), compose(parts(workflows=many, ask=asks)), compose(worst), costless):
        content, _ = write(fitted(frozen(readout), "Dana Whitfield"), "pdf")
        pages = pypdfium2.PdfDocument(content)
        assert len(pages) == 1
        text = " ".join(pages[0].get_textpage().get_text_range().split())
        assert "Gate 1 was skipped (2027-02-20)" in text
        assert "To be decided: " in text
        assert "95 % interval" in text
        assert "In the way: " in text
        assert "Hodges–Lehmann" in text


def test_the_full_document_tells_methods_assumptions_and_rows() -> None:
    readout = compose(parts())
    content, _ = write(in_full(frozen(readout), "Dana Whitfield", origin="https://colleague.example"), "docx")
    found = docx.Document(io.BytesIO(content))
    text = "\n".join(p.text for p in found.paragraphs)
    for words in ("Rows: https://colleague.example/use-cases/uc_2", "Olga Owner and Ben Carter: The board asked for it",
                  "Controlling, price list of October", "Not validated yet: the owner's signature", "does not hold",
                  "Whole fingerprint", "an hour saved is time freed"):  # fmt: skip
        assert words.casefold() in text.casefold(), words
    assert write(empty_form(), "docx")[0][:2] == b"PK"


def test_the_weeks_are_drawn_with_what_was_finished_and_without_a_target_line() -> None:
    picture = trend(compose(parts()))
    assert picture.startswith("<svg")
    assert "Completion, %: 80, 80" in picture
    gap = replace(parts().weeks[3], completion=None)
    assert trend(compose(parts(weeks=[*parts().weeks, gap]))).startswith("<svg")
    assert trend(compose(parts(weeks=parts().weeks[:1]))) == ""
    assert trend(compose(parts(weeks=[replace(w, wau=None) for w in parts().weeks]))) == ""


def test_numbers_in_words() -> None:
    assert shown(Figure("R", "share", 0.5, 0.352, 0.618, 80)) == "50 % (35 to 62 %; n 80)"
    assert shown(Figure("H", "hours", 138.2, 99.9, 160, 180)) == "138 h (100 to 160 h; n 180)"
    assert shown(Figure("N", "money", -1200.4, -3000, 900), "EUR") == "EUR -1,200 (EUR -3,000 to 900)"
    assert shown(Figure("B", "number", 3.5)) == "3.5"
    assert shown(NONE) == "not measured: no run is seven days old"
