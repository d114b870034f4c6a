"""What every part of an experiment has in common: frozen, strict about keys, self-describing.

The class docstring and the fields' descriptions are the help text in the app, on the command
line and in the docs. A docstring's first line says what the choice is; lines that start with
"Use when", "Costs" and "Limits" say when to take it, what it takes and what it cannot.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

LEADS = ("Use when", "Costs", "Limits")
"""How the lines of a docstring begin that say when to take a choice, what it takes, what it cannot."""


class Part(BaseModel):
    """A part of an experiment. Unknown keys and values out of bounds are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    label: ClassVar[str] = ""
    """What people see in lists; the class's own name where it is empty."""

    @classmethod
    def kind_name(cls) -> str:
        """The word that chooses this class in YAML, for classes that have a `kind`."""
        return str(cls.model_fields["kind"].default)

    def arguments(self) -> dict[str, Any]:
        """The fields as plain keyword arguments, without the discriminator."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "kind"}

    def named_tasks(self) -> list[str]:
        """Tasks that the options name; each must be one of the experiment's."""
        return []

    @classmethod
    def help_lines(cls) -> list[str]:
        """The docstring's sentences, first the summary; each of `LEADS` begins a line of its own."""
        found: list[str] = []
        for line in filter(None, map(str.strip, (cls.__doc__ or "").splitlines())):
            if not found or line.startswith(LEADS) or found[-1].endswith("."):
                found.append(line)
            else:
                found[-1] += f" {line}"
        return found

    @classmethod
    def help_about(cls, lead: str) -> str:
        """What the docstring says under one of `LEADS`; "" where it says nothing."""
        found: list[str] = []
        for line in cls.help_lines():
            if line.startswith(lead) or (found and not line.startswith(LEADS)):
                found.append(line)
            elif found:
                break
        return " ".join(found)


def option(
    default: Any,
    description: str,
    *,
    unit: str = "",
    advanced: bool = False,
    widget: str = "",
    **bounds: Any,
) -> Any:
    """A field with its help text, its bounds (`ge`, `gt`, `le`, `lt`) and its unit.

    `advanced` fields are folded away in the app's form; `widget` names what the form offers where
    the type does not tell ("run": one of the finished runs).
    """
    extra: dict[str, Any] = {"unit": unit, "advanced": advanced, "widget": widget}
    return Field(default, description=description, json_schema_extra=extra, **bounds)


def unit_of(field: FieldInfo) -> str:
    """The unit of a field, "" where it has none."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def is_advanced(field: FieldInfo) -> bool:
    """Whether the app folds the field away."""
    extra = field.json_schema_extra
    return bool(extra.get("advanced")) if isinstance(extra, dict) else False


def widget_of(field: FieldInfo) -> str:
    """What the form offers for the field, "" where its type tells."""
    extra = field.json_schema_extra
    return str(extra.get("widget", "")) if isinstance(extra, dict) else ""
