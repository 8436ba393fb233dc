"""What mkdocs calls while it builds: adds the generated pages, and settles links that lead out of docs/."""

from __future__ import annotations

import re
from pathlib import Path

import architecture
import reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
BORROWED = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md", "SECURITY.md": "security.md"}
"""Pages that stand at the top of the repository, and what they are called here."""
MOVED = {"docs/_site/architecture.md": "explanation/architecture.md"}
"""Pages that are finished when the site is built."""
LINK = re.compile(r"(!?)\[([^\]]+)\]\((?!https?://|#|mailto:)([^)#]+)(#[^)]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is generated, and what is borrowed from the top of the repository."""
    pages = reference.pages() | architecture.pages()
    pages |= {page: (ROOT / name).read_text(encoding="utf-8") for name, page in BORROWED.items()}
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Keep the links that lead to files of the site; of others, what they say stands without the link."""
    borrowed = page.file.src_uri in BORROWED.values()
    here = ROOT if borrowed else Path(config.docs_dir, page.file.src_uri).parent

    def settled(match: re.Match[str]) -> str:
        image, words, target, place = match.groups()
        if not borrowed and files.get_file_from_path(_joined(page.file.src_uri, target)):
            return match[0]
        path = (here / target).resolve()
        if not path.exists():
            return match[0]  # mkdocs says that the link is broken
        inside = path.relative_to(ROOT).as_posix()
        name = MOVED.get(inside) or BORROWED.get(inside, inside.removeprefix("docs/"))
        file = files.get_file_from_path(name)
        up = "../" * page.file.src_uri.count("/")
        return f"{image}[{words}]({up}{name}{place or ''})" if file else words

    return LINK.sub(settled, markdown)


def _joined(page: str, target: str) -> str:
    """The path of a link's target in docs/."""
    parts: list[str] = page.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
