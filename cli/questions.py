"""`rekkrd questions`: what only a collector can decide, and their answer."""

import json
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from actors.syncing.answering import answer_duplicate, answer_owned, answer_removed, answer_vanished, sentence
from actors.wording import count
from api.models.questions import QuestionOut, QuestionPage
from cli import here, screen
from cli.errors import CommandFailed, NotFound
from db import Connection, questions, users
from db.questions import Question


def ask(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose: handle, id or address.")],
    *,
    answered: Annotated[UUID | None, typer.Option("--answer", metavar="ID", help="The question to answer.")] = None,
    album: Annotated[UUID | None, typer.Option(metavar="ID", help="The answer: the copy is this album.")] = None,
    is_new: Annotated[bool, typer.Option("--new", help="The answer: the copy is a new album.")] = False,
    are_gone: Annotated[
        bool | None, typer.Option("--gone/--kept", help="The answer: the records are gone, or shall be kept.")
    ] = None,
    is_dropped: Annotated[
        bool | None, typer.Option("--drop/--still-wanted", help="The answer: the want or its alert goes, or stays.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 25,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what only the collector can decide: which album a copy is, what went, what is wanted no more. Or answer."""
    said = [album is not None, is_new, are_gone is not None, is_dropped is not None]
    if sum(said) != (answered is not None):
        raise typer.BadParameter(
            "goes with one answer: --album, --new, --gone, --kept, --drop or --still-wanted.", param_hint="--answer"
        )
    with here.opened_pool() as pool, pool.transaction() as conn:
        user_id = users.find(conn, user).id
        if answered is not None:
            question = questions.find(conn, user_id, answered)
            if question is None or question.answer is not None:
                raise NotFound(
                    "There is no such open question.", f"`rekkrd questions {user}` lists those that there are."
                )
            screen.tell(_answer(conn, user_id, question, album=album, are_gone=are_gone, is_dropped=is_dropped))
            return
        found = questions.page(conn, user_id, room=limit + 1)
    if as_json:
        cursor = found[limit - 1].id if len(found) > limit else None
        page = QuestionPage(questions=[QuestionOut.of(one) for one in found[:limit]], next_cursor=cursor)
        screen.plain(json.dumps(page.model_dump(mode="json"), indent=2))
    elif not found:
        screen.tell("No questions.")
    else:
        screen.out().print(picture(found[:limit], has_more=len(found) > limit))


def picture(found: Sequence[Question], *, has_more: bool) -> RenderableType:
    """Draw questions, each with its id and the albums that a copy may be."""
    told: list[RenderableType] = []
    for question in found:
        told += [Text(sentence(question)), Text(f"  --answer {question.id} {_answers(question)}", "dim")]
        told += [Text(f"  album {album_id}", "dim") for album_id in _candidates(question)]
    return Group(*told, *([Text("There are more: answer these first, or use --limit.", "dim")] if has_more else []))


def _answer(
    conn: Connection,
    user_id: UUID,
    question: Question,
    *,
    album: UUID | None,
    are_gone: bool | None,
    is_dropped: bool | None,
) -> str:
    wanted = {"owned_want", "removed_want"}
    kinds = {"vanished"} if are_gone is not None else {"duplicate"} if is_dropped is None else wanted
    if question.kind not in kinds:
        raise CommandFailed("That is no answer to this question.", f"Answer it with {_answers(question)}.")
    if is_dropped is not None and question.kind == "removed_want":
        answer_removed(conn, user_id, question, is_dropped=is_dropped)
        return "The alert is off." if is_dropped else "The alert stays on."
    if is_dropped is not None:
        answer_owned(conn, user_id, question, is_dropped=is_dropped)
        return "Wanted no more; the next push says so on Discogs." if is_dropped else "It stays wanted."
    if are_gone is None:
        made = answer_duplicate(conn, user_id, question, album)
        return f"The copy is album {made}."
    marked = answer_vanished(conn, user_id, question, are_gone=are_gone)
    return f"{count(marked, 'record')} marked missing." if are_gone else "Kept. The next complete import looks again."


def _answers(question: Question) -> str:
    return {
        "duplicate": "--album ID or --new",
        "vanished": "--gone or --kept",
        "owned_want": "--drop or --still-wanted",
        "removed_want": "--drop or --still-wanted",
    }[question.kind]


def _candidates(question: Question) -> list[str]:
    listed = question.details.get("candidates")
    return [str(one["album_id"]) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
