"""Whose programme it is: IT by the name of a department or a title, and what a goal says beside a date (MI-2)."""

import pytest

from colleague.rollout.define import is_it, says_a_goal


@pytest.mark.parametrize("name", [
    "IT", "I.T.", "Group IT", "IT-Abteilung", "Security and IT", "Information Technology", "Information Systems",
    "Information Services", "Technology", "Technology Services", "Digital & Technology", "Product & Technology",
    "Tech", "Software Development", "Software Engineering", "Enterprise Systems", "Business Applications",
    "CIO Office", "Office of the CIO", "Digital Workplace", "End User Computing", "End-User Services", "DSI", "EDV",
    "Infrastructure", "Infrastructure & Operations", "Platform Engineering", "DevOps", "Cybersecurity",
    "Cyber Security", "Service Desk", "Cloud Operations", "Direction des systèmes d'information", "Informatik",
])  # fmt: skip
def test_a_department_of_it(name: str) -> None:
    assert is_it(name)


@pytest.mark.parametrize("name", [
    "Bids", "Kitchen", "Audit", "Capital markets", "Biotechnology Sales", "Technology Transfer",
    "Medical Technology", "Technology Sales", "Infrastructure Finance", "Transport Infrastructure Projects",
    "Business Development", "Digital Marketing", "Enterprise Sales", "Business Services", "Platform Sales",
    "Software Sales", "Italy", "Security", "Procurement and Systems Purchasing", "Information and Press",
    "Operations", "Legal", "Customer Support",
    "Customer Service Desk", "",
])  # fmt: skip
def test_a_department_of_the_business(name: str) -> None:
    assert not is_it(name)


@pytest.mark.parametrize(("title", "it"), [
    ("CIO", True), ("CTO", True), ("Group CIO", True), ("Chief Information Officer", True),
    ("Chief Technology Officer", True), ("Chief Digital and Information Officer", True),
    ("Chief Information Security Officer", True), ("Head of IT", True), ("Director, Information Technology", True),
    ("VP Technology", True), ("Vice President of Software Engineering", True), ("IT Manager", True),
    ("Head of Digital Workplace", True), ("Software Engineer", True),
    ("CFO", False), ("Chief Operating Officer", False), ("Head of Bids", False),
    ("Director of Technology Transfer", False),
    ("Head of Biotechnology Sales", False), ("VP Sales", False), ("Head of Information and Press", False), ("", False),
])  # fmt: skip
def test_a_title_of_it(title: str, it: bool) -> None:
    assert is_it("Bids", title) is it


@pytest.mark.parametrize("goal", [
    "1 March", "Go live on 1 March 2027", "Go-live: 2027-03-01", "Launch by the end of Q2",
    "Roll out Cowork to all users by June", "Rollout to every department in 2027", "The pilot starts on Monday",
    "Deploy the AI assistant company-wide by Christmas", "Everyone has access before summer",
    "Be live no later than 31.03.2027", "Project complete by year end", "go live go live",
])  # fmt: skip
def test_that_it_goes_live_is_no_goal(goal: str) -> None:
    assert not says_a_goal(goal)


@pytest.mark.parametrize("goal", [
    "Bids go out in half the time.", "Answer more bids.", "Bids, briefs and reviews go out in half the time.",
    "Give everybody two hours a week back for customers", "Launch campaigns twice as fast by Q3",
    "Win more tenders by 1 March 2027", "Cut the time to answer tickets by 30 %", "Fewer complaints",
    "Angebote schneller schreiben", "Close the books three days earlier",
])  # fmt: skip
def test_what_the_business_wants_is_a_goal(goal: str) -> None:
    assert says_a_goal(goal)
