"""What every part of an experiment has in common: frozen, strict about keys, self-describing.

The class docstring and the fields' descriptions are the help text in the app, on the command
line and in the docs. A docstring's first line says what the choice is; a line starting with
"Use when" and one starting with "Costs" say when to take it and what it takes.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo


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
        """The docstring's lines, first the summary, without blank ones."""
        lines = [line.strip() for line in (cls.__doc__ or "").splitlines()]
        return [line for line in lines if line]


def option(
    default: Any, description: str, *, unit: str = "", advanced: bool = False, **bounds: Any
) -> Any:
    """A field with its help text, its bounds (`ge`, `gt`, `le`, `lt`) and its unit.

    `advanced` fields are folded away in the app's form.
    """
    extra: dict[str, Any] = {"unit": unit, "advanced": advanced}
    return Field(default, description=description, json_schema_extra=extra, **bounds)


def unit_of(field: FieldInfo) -> str:
    """The unit of a field, "" where it has none."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def is_advanced(field: FieldInfo) -> bool:
    """Whether the app folds the field away."""
    extra = field.json_schema_extra
    return bool(extra.get("advanced")) if isinstance(extra, dict) else False
