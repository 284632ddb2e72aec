"""A question is open once, and closed with its reason."""

from db import questions


def test_asking_again_brings_the_open_question_up_to_date(conn, ada):
    questions.ask(conn, ada, "duplicate", {"1": {"count": 2}, "2": {"count": 5}})
    questions.ask(conn, ada, "duplicate", {"1": {"count": 3}})
    assert {one.subject: one.details for one in questions.open_of(conn, ada)} == {"1": {"count": 3}, "2": {"count": 5}}
    assert questions.count_open(conn, ada, "duplicate") == 2


def test_a_closed_question_keeps_its_reason_and_may_be_asked_anew(conn, ada):
    questions.ask(conn, ada, "vanished", {"collection": {}})
    assert questions.close(conn, ada, "vanished", ["collection", "wantlist"], "They are back.") == 1
    assert questions.count_open(conn, ada, "vanished") == 0
    questions.ask(conn, ada, "vanished", {"collection": {}})
    rows = conn.execute("SELECT answer FROM rekkrd.questions ORDER BY asked_at").fetchall()
    assert [row["answer"] for row in rows] == [{"closed_by": "import", "explanation": "They are back."}, None]


def test_questions_about_copies_that_are_not_there_are_settled(conn, ada):
    questions.ask(conn, ada, "duplicate", {"3000000001": {}})
    questions.ask(conn, ada, "vanished", {"collection": {}})
    assert questions.close_settled(conn, ada, "Gone.") == 1
    assert [one.kind for one in questions.open_of(conn, ada)] == ["vanished"]
