"""Templates to pages. Everything is escaped; a name that a context lacks is an error."""

from dataclasses import fields
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from site_builder import SOURCE, glossary, references
from site_builder.highlight import snippet

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@cache
def environment() -> Environment:
    """Return the one Jinja2 environment that pages are rendered in."""
    made = Environment(
        loader=FileSystemLoader(SOURCE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # Filters, not globals: what a template names is what its page's context has.
    made.filters["glossary"] = glossary.find
    made.filters["snippet"] = snippet
    made.filters["reference"] = partial(getattr, references)
    return made


def render(template: str, context: "DataclassInstance") -> bytes:
    """Render a page.

    Args:
        template: Name of the template below `templates/`.
        context: A page's context; its fields are the template's variables.

    Raises:
        jinja2.UndefinedError: If the template asks for what the context does not have.
    """
    # Not `asdict`: it would turn the nested dataclasses into dictionaries, whose methods a
    # template could mistake for fields.
    variables: dict[str, Any] = {
        field.name: getattr(context, field.name) for field in fields(context)
    }
    return environment().get_template(template).render(variables).encode()
