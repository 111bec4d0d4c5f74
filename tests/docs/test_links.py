"""What the pages point at is there: other pages, headings, files, functions, settings, commands of make."""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from escalations import settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CODE = sorted([*ROOT.glob("escalations/**/*.py"), *ROOT.glob("tests/**/*.py"), ROOT / "Makefile"])

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FILE = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|yaml|yml|sh|env|lock|toml|json|mjs|md))`")
_NAMED = re.compile(r"`((?:[a-z_]+/)*[a-z_]+)\.(_?[A-Za-z_]\w*(?:\.\w+)*)(?:\([^`]*\))?`")
_SETTING = re.compile(r"\bESCALATIONS_[A-Z_]*[A-Z]\b")
_MAKE = re.compile(r"`(?:\$ )?make ([a-z-]+)`|^\$ make ([a-z-]+)$", re.MULTILINE)
_MACHINE = re.compile(r"(?<![\w.:/~$-])/(?:home|root|work|Users|mnt|tmp|srv)/\w")
MADE_WHEN_USED = {
    ".env",
    "deploy/partnership/settings.env",
    "keys.txt",
    "our-policy.yaml",
    "config.yaml",
    "dynamic.yaml",
    "ports.json",
}
"""Files that an installation has and the repository has not."""
NO_FILES = {"ruamel.yaml"}
"""Packages whose name looks like a file's."""


DEPLOY = [file for file in ROOT.glob("deploy/**/*") if file.is_file()]


def anchors(text: str) -> set[str]:
    """Give the anchors of a page's headings, as the places that show Markdown make them."""
    without_code = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", without_code, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(text: str, page: Path) -> Iterator[str]:
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        leads_to = (page.parent / path).resolve() if path else page
        missing_heading = (
            anchor
            and leads_to.suffix == ".md"
            and leads_to.exists()
            and (anchor not in anchors(leads_to.read_text("utf-8") if path else text))
        )
        if not leads_to.exists() or missing_heading:
            yield target


def missing_files(text: str) -> Iterator[str]:
    """Files that a page names and that are nowhere: below the root, the package, or under that name in either."""
    for name in _FILE.findall(text):
        below = [base / name for base in (ROOT, ROOT / "escalations", ROOT / "escalations" / "rules", ROOT / "docs")]
        if name not in MADE_WHEN_USED | NO_FILES and not any(path.exists() for path in below):
            yield name


def _modules(path: str) -> list[str]:
    """Give our modules that a page may mean by a path, which may leave out the folder that is plain from the text."""
    bases = ["escalations", *(f"escalations.{folder}" for folder in ("rules", "intake", "store", "workflows", "web"))]
    names = [f"{base}.{path.replace('/', '.')}" for base in bases]
    return [name for name in names if (ROOT / f"{name.replace('.', '/')}.py").is_file()]


def _has(found: object, names: list[str]) -> bool:
    for name in names:
        fields = getattr(found, "model_fields", None) or getattr(found, "__dataclass_fields__", {})
        found = getattr(found, name, fields.get(name))
    return found is not None


def missing_names(text: str) -> Iterator[str]:
    """Functions and classes that a page names as module.name, where the module is ours and has no such name."""
    for path, name in _NAMED.findall(text):
        modules = [] if name in {"py", "md", "yaml", "yml", "db", "txt", "toml"} else _modules(path)
        if modules and not any(_has(importlib.import_module(module), name.split(".")) for module in modules):
            yield f"{path}.{name}"


def unknown_settings(text: str) -> set[str]:
    known = {settings.PREFIX + name.upper() for name in settings.Settings.model_fields}
    return set(_SETTING.findall(text)) - known


def unknown_targets(text: str) -> set[str]:
    there = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    return {named for pair in _MAKE.findall(text) for named in pair if named} - there


def paths_of_a_machine(text: str) -> list[str]:
    return _MACHINE.findall(text)


def the_words(page: Path) -> str:
    return page.read_text("utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert list(broken_links(the_words(page), page)) == []


def test_a_link_to_nowhere_and_one_to_no_heading_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One heading\n", "utf-8")
    text = "# Here\n[a](none.md) [b](page.md#another) [c](page.md#one-heading) [d](#here) [e](https://example.org)"
    assert list(broken_links(text, page)) == ["none.md", "page.md#another"]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_and_function_that_a_page_names_is_there(page: Path) -> None:
    text = the_words(page)
    assert [*missing_files(text), *missing_names(text)] == []


def test_a_file_or_function_that_is_gone_is_found() -> None:
    text = (
        "`web/raising.py` `web/falling.py` `store/register.append` `store/register.amend` `decider.decide(a, b)` "
        "`intake/opening.InForce.frame` `intake/opening.InForce.fold`"
    )
    assert list(missing_files(text)) == ["web/falling.py"]
    assert list(missing_names(text)) == ["store/register.amend", "intake/opening.InForce.fold"]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_and_make_target_that_a_page_names_is_one(page: Path) -> None:
    text = the_words(page)
    assert unknown_settings(text) | unknown_targets(text) == set()


def test_a_setting_or_target_that_is_none_is_found() -> None:
    assert unknown_settings("ESCALATIONS_WEB_PORT, ESCALATIONS_WEB_PROT") == {"ESCALATIONS_WEB_PROT"}
    assert unknown_targets("`make run`, `make believe`\n$ make haste\n") == {"believe", "haste"}


@pytest.mark.parametrize("file", CODE, ids=name_of)
def test_every_page_that_the_code_points_at_is_there(file: Path) -> None:
    named = re.findall(r"\bdocs/(?:[\w-]+/)?[\w-]+(?:\.md)?", the_words(file))
    there = {str(page.relative_to(ROOT)) for page in PAGES}
    missing = [name for name in named if not any(page.startswith(name) for page in there)]
    assert file == Path(__file__) or missing == []


@pytest.mark.parametrize("page", [*PAGES, *ROOT.glob("escalations/**/*.py"), *DEPLOY], ids=name_of)
def test_nothing_speaks_of_the_machine_that_it_was_written_on(page: Path) -> None:
    assert paths_of_a_machine(the_words(page)) == []


def test_a_path_of_a_machine_is_found() -> None:
    assert paths_of_a_machine("see /home/somebody/notes, and escalations/home/page.py") == ["/home/s"]


def test_the_readme_can_be_read_in_one_go() -> None:
    text = the_words(ROOT / "README.md")
    assert len(text.splitlines()) <= 150
    assert {"$ make run", "$ make test"} <= set(text.splitlines())


def test_the_changelog_says_of_each_version_what_becomes_of_open_escalations() -> None:
    text = the_words(ROOT / "CHANGELOG.md")
    versions = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert versions
    assert [entry.splitlines()[0] for entry in versions if not re.search(r"^Replay: ", entry, flags=re.MULTILINE)] == []
    project = tomllib.loads(the_words(ROOT / "pyproject.toml"))["project"]
    assert versions[0].startswith(("Unreleased", project["version"]))
