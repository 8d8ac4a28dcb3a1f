"""What commands share: the arguments they have in common, standard input, opening a space, and words for an error."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

import knnife
from knnife import outputs
from knnife.output_kinds import OutputKind

if TYPE_CHECKING:
    from io import BufferedReader

    from knnife.geometry import Vectors
    from knnife.things import Reading

Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)


def valid_text(value: str) -> str:
    """An argument without the surrogates by which Python carries bytes that are no UTF-8: U+FFFD instead."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class OutputFile(click.Path):
    """The path of a file that is written; kind: what it may take the place of, None where that is known later."""

    def __init__(self, kind: OutputKind | None) -> None:
        super().__init__(dir_okay=False)
        self.kind = kind


class ExampleCommand(click.Command):
    """A command with examples, one a line, shown between its text and its options.

    beside: commands that stand beside this one under its name, as `knnife evaluate words` beside `knnife evaluate`:
        the word that calls each -> "module:name" in this folder, imported when it is called.
    """

    def __init__(self, *args: Any, examples: str, beside: Mapping[str, str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = examples.strip().splitlines()
        self.beside = dict(beside or {})
        self.outputs = [each for each in self.params if isinstance(each.type, OutputFile)]
        if self.outputs:
            self.params.append(click.Option(["--force"], is_flag=True, help="Write over another kind of file."))

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """That of this command, or of the one beside it that the first word calls."""
        if args and args[0] in self.beside:
            return self.command_beside(args[0]).make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """As click does it; nothing that the command reads is written over, which is seen before it works for hours."""
        if not self.outputs:
            return super().invoke(ctx)
        given = dict(ctx.params)
        force = bool(ctx.params.pop("force"))
        written = {each.name: str(given.pop(each.name)) for each in self.outputs if given[each.name or ""]}
        read = [STANDARD_INPUT, *_texts(given.values())]
        for each in self.outputs:
            if (path := written.get(each.name)) is not None and isinstance(each.type, OutputFile):
                others = (other for name, other in written.items() if name != each.name and other != outputs.STDOUT)
                with outputs.guarded([*read, *others], force=force):
                    outputs.check(path, each.type.kind)
        with outputs.guarded(read, force=force):
            return super().invoke(ctx)

    def command_beside(self, word: str) -> click.Command:
        """The command beside this one that a word calls."""
        module, _, name = self.beside[word].partition(":")
        command: click.Command = getattr(importlib.import_module(f"knnife.interfaces.cli.{module}"), name)
        return command

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The text, then the examples as they are: a line that is wrapped cannot be pasted."""
        super().format_help_text(ctx, formatter)
        with formatter.section("Examples"):
            for line in self.examples:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        if self.beside:
            with formatter.section("Beside this command"):
                for word in self.beside:
                    formatter.write(f"{'':{formatter.current_indent}}{ctx.command_path} {word} --help\n")


ENCODER = "a name from `knnife models`, hf:OWNER/NAME, openai:MODEL, a folder, or a file of word vectors"
FILE = click.Path(dir_okay=False)
STANDARD_INPUT = "/dev/stdin"  # a file, where the shell says so: < FILE
CHUNK = 1 << 16  # bytes of standard input that are answered together, at most


def path_text(value: str) -> str:
    """The argument that names a file: bytes that are no UTF-8 are escaped, and still lead to it."""
    from knnife.things.paths import escaped

    return escaped(value)


def text_option(*names: str, **options: Any) -> Callable[[Command], Command]:
    """An option whose value is a text."""
    return click.option(*names, type=valid_text, **options)


def file_option(*names: str, **options: Any) -> Callable[[Command], Command]:
    """An option whose value is the path of a file, which need not exist."""
    return click.option(*names, type=FILE, **options)


def output_option(*names: str, kind: OutputKind | None = None, **options: Any) -> Callable[[Command], Command]:
    """An option whose value is the path of a file that is written, - for standard output."""
    return click.option(*names, type=OutputFile(kind), **options)


space_argument = click.argument("space", type=FILE, metavar="SPACE")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
view_option = text_option("--view", metavar="VIEW", help="View to use instead of the default one.")
where_option = text_option("--where", metavar="FILTER", help="""Only these: 'year > 1990 and genre = "crime"'.""")
k_option = click.option("-k", type=click.IntRange(min=1), default=10, help="Number of answers, at most.")


def written_options(command: Command) -> Command:
    """The options that say how files are written; all that the command reads is read so."""
    between = "Between the cells of a csv file, or tab; by default, what its lines tell."
    return _written_option("--delimiter", "CHARACTER", between)(encoding_option(command))


def encoding_option(command: Command) -> Command:
    """The one of these for commands that read no tables."""
    return _written_option("--encoding", "NAME", "Of texts that are no UTF-8, such as latin-1.")(command)


def _written_option(name: str, metavar: str, text: str) -> Callable[[Command], Command]:
    return text_option(name, metavar=metavar, help=text, expose_value=False, callback=_written)


def _written(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is None or context.resilient_parsing:
        return
    from knnife.things.formats import written_so
    from knnife.things.reading import stated

    said = context.meta.setdefault("written", {})
    said[option.name] = value
    written = written_so(said.get("encoding"), said.get("delimiter"))
    if written is not None:
        context.with_resource(stated(written))


def json_command(
    examples: str, cls: type[ExampleCommand] = ExampleCommand, **options: Any
) -> Callable[[Callable[..., None]], click.Command]:
    """An `ExampleCommand` whose last option is --json."""
    return lambda function: json_option(click.command(cls=cls, examples=examples, **options)(function))


def open_space(path: str, *, read_only: bool = False) -> knnife.Space:
    """The space of the file `path`, which has to exist."""
    return knnife.Space.open(path, create=False, read_only=read_only)


def open_to_ask(path: str) -> knnife.Space:
    """The space for a question; writable where it may be, so that an index made for the answer is kept."""
    try:
        return open_space(path)
    except knnife.ReadOnly:
        return open_space(path, read_only=True)


def is_space(path: str) -> bool:
    """Whether this is the path of a space."""
    from knnife.space import inputs  # brings NumPy, which no help needs

    return inputs.is_space(path)


def check_space_options(path: str, options: Mapping[str, Any]) -> None:
    """Raises a usage error where --where or --view are given for something that is no space."""
    if (options.get("where") or options.get("view")) and not is_space(path):
        raise click.UsageError(f"--where and --view are for spaces, and {path} is none")


def lines_for(values: Sequence[str]) -> Iterator[str]:
    """The values as given; `-` stands for the lines of standard input that are not empty. Raises BadRow, no UTF-8."""
    for value in values:
        if value == "-":
            yield from filter(None, lines_of("-"))
        else:
            yield value


def lines_of(path: str) -> Iterator[str]:
    """The lines of a file, or of standard input, without their ends. Raises BadRow for what is no UTF-8."""
    from knnife.things.files import lines

    with opened_text(path) as (stream, reading):
        for number, line in lines(stream, reading, reading.source):
            yield _decoded(line, number, reading).strip("\r\n")


def batches_for(values: Sequence[str]) -> Iterator[list[str]]:
    """The values together; standard input for `-`, by as many lines as have come: nobody waits for an answer."""
    some: list[str] = []
    for value in values:
        if value != "-":
            some.append(value)
            continue
        if some:
            yield some
        some, rest, number = [], b"", 1
        with opened_text("-") as (stream, reading):
            while chunk := stream.read1(CHUNK):
                *whole, rest = (rest + chunk).split(b"\n")
                if lines := _filled(whole, number, reading):
                    yield lines
                number += len(whole)
            some = _filled([rest], number, reading)
    if some:
        yield some


def _texts(values: Iterable[Any]) -> Iterator[str]:
    """All texts among the values of parameters: some of them are paths."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from _texts(value)


@contextmanager
def opened_text(path: str) -> Iterator[tuple[BufferedReader, Reading]]:
    """A file, or standard input, as UTF-8 behind any mark: opened as `knnife.read` opens it."""
    from knnife.things import Reading
    from knnife.things.files import STDIN, opened

    reading = Reading("standard input" if path == STDIN else path, lambda _: iter(()))
    with opened(path, reading) as stream:
        yield stream, reading


def _decoded(line: bytes, number: int, reading: Reading) -> str:
    from knnife.things.reading import NotUtf8

    try:
        return line.decode()
    except UnicodeDecodeError:
        reading.fault(number, NotUtf8())  # which raises, as no line may be left out
        raise


def _filled(lines: list[bytes], first: int, reading: Reading) -> list[str]:
    texts = (_decoded(line, number, reading).strip("\r") for number, line in enumerate(lines, first))
    return [text for text in texts if text.strip()]


def load_vectors(path: str) -> Vectors:
    """The array of an npy file `(n, d)`, mapped rather than read. Raises BadInput when it is none."""
    from knnife.space import inputs

    return inputs.mapped(path)


def require_one(given: dict[str, Any]) -> None:
    """Raises a usage error unless exactly one of these ways to ask was used."""
    used = [name for name, value in given.items() if value]
    if len(used) != 1:
        what = " and ".join(used) if used else "nothing"
        raise click.UsageError(f"expected one of {', '.join(given)}; got {what}", click.get_current_context())


def explain(error: Exception) -> str:
    """What went wrong, for people."""
    if isinstance(error, knnife.KnnifeError | click.ClickException):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    return f"a mistake in knnife itself ({type(error).__name__}: {error}); KNNIFE_DEBUG=1 shows where"
