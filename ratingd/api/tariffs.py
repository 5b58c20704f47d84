"""TariffService: folders that are checked and put in force, from a client's files or from the daemon's own disk.

A client sends options, then its files, a large one in several pieces. Nothing is read before the last piece is there,
and then the whole folder at once, so that a connection that breaks off has changed nothing. A check reports all that is
wrong as its answer; a load of a folder with faults is an error, which nobody overlooks.

A folder of the daemon's machine is read only below those that the settings name, and never through a link that leads
out of them.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Protocol

from ratingd.api.config import ApiConfig
from ratingd.api.convert import set_instant
from ratingd.api.method import AnyMethod, Kind, Method, Outlet, Stream, StreamMethod, guarded, parse
from ratingd.api.plans import Charger
from ratingd.engine.command import Reply
from ratingd.engine.load_report import LoadReport
from ratingd.errors import InvalidRequest, NotAllowed, NotFound, RequestTooLarge, TariffRefused
from ratingd.v1 import tariffs_pb2
from tariffs.fault import Severity

SERVICE: Final = "/ratingd.v1.TariffService/"
FILES_MAX: Final = 10_000
SEVERITIES: Final = {
    Severity.FAULT: tariffs_pb2.Finding.FAULT,
    Severity.WARNING: tariffs_pb2.Finding.WARNING,
    Severity.NOTICE: tariffs_pb2.Finding.NOTICE,
}


class TariffDesk(Protocol):
    """Who reads folders and puts tariffs in force. Both calls take their time, and neither holds up calls."""

    def check(self, files: Mapping[str, bytes]) -> LoadReport: ...

    def load(self, files: Mapping[str, bytes], *, dry_run: bool, rerun_asap: bool, loaded_by: str) -> LoadReport:
        """Check and put in force. A report with faults, or the error TariffRefused, where nothing was loaded."""


class Tariffs:
    def __init__(self, config: ApiConfig, charger: Charger, desk: TariffDesk) -> None:
        self._config: Final = config
        self._charger: Final = charger
        self._desk: Final = desk

    def methods(self) -> list[AnyMethod]:
        return [
            StreamMethod(SERVICE + "CheckTariff", self._check),
            StreamMethod(SERVICE + "LoadTariff", self._load),
            Method(SERVICE + "GetTariff", Kind.SLOW, guarded(self._get_tariff)),
        ]

    def _check(self, outlet: Outlet) -> Stream:
        return Upload(self._config, self._desk, outlet, load=False)

    def _load(self, outlet: Outlet) -> Stream:
        return Upload(self._config, self._desk, outlet, load=True)

    def _get_tariff(self, body: bytes, _: int | None) -> Reply:
        request = parse(tariffs_pb2.GetTariffRequest(), body)
        version = self._charger.plans.current(self._config.clock())
        message = tariffs_pb2.Tariff()
        if version.number:
            message.version = str(version.number)
            set_instant(message.load_time, version.effective_at_ns)
        tariff, catalogue = version.book.tariff, version.book.catalogue
        names: dict[str, Iterable[str]] = {
            "destinations": tariff.destinations,
            "timings": tariff.timings,
            "rating_plans": tariff.plans,
            "rating_profiles": [":".join(key) for key in tariff.profiles],
            "action_sets": catalogue.action_sets,
            "action_plans": catalogue.action_plans,
            "trigger_groups": catalogue.trigger_groups,
            "shared_groups": catalogue.shared_groups,
            "aliases": [f"{profile.tenant}:{profile.id}" for profile in catalogue.aliases.profiles],
        }
        for kind, members in names.items():
            found = sorted(members)
            message.counts[kind] = len(found)
            if request.with_names:
                getattr(message, kind).extend(found)
        return Reply(0, message.SerializeToString())


class Upload:
    """One stream of CheckTariff or LoadTariff."""

    def __init__(self, config: ApiConfig, desk: TariffDesk, outlet: Outlet, *, load: bool) -> None:
        self._config: Final = config
        self._desk: Final = desk
        self._outlet: Final = outlet
        self._load: Final = load
        self._options: tariffs_pb2.TariffOptions | None = None
        self._files: Final[dict[str, bytearray]] = {}
        self._bytes = 0

    def receive(self, message: bytes) -> None:
        upload = parse(tariffs_pb2.TariffUpload(), message)
        match upload.WhichOneof("part"):
            case "options":
                if self._options is not None or self._files:
                    raise InvalidRequest("options", "come once, in the first message")
                self._options = upload.options
            case "file":
                self._take(upload.file)
            case _:
                raise InvalidRequest("part", "is missing: options or a file")

    def half_close(self) -> None:
        """All is there: read it, on the stream's own thread."""
        options = self._options if self._options is not None else tariffs_pb2.TariffOptions()
        files = self._folder(options)
        report = self._report(files, options)
        faults = [finding for finding in report.findings if finding.severity is Severity.FAULT]
        if self._load and faults:
            raise TariffRefused(faults)
        self._outlet.send(_message(report).SerializeToString())
        self._outlet.finish()

    def drain(self) -> None:
        """A folder that is being read is finished; one still on its way is given up when the time is over."""

    def cancel(self) -> None:
        self._files.clear()

    def _report(self, files: Mapping[str, bytes], options: tariffs_pb2.TariffOptions) -> LoadReport:
        if not self._load:
            return self._desk.check(files)
        source = f"folder {options.server_folder}" if options.server_folder else "upload"
        return self._desk.load(files, dry_run=options.dry_run, rerun_asap=options.rerun_asap, loaded_by=source)

    def _take(self, file: tariffs_pb2.TariffFile) -> None:
        path = file.path
        if not path or path.startswith("/") or "\0" in path or ".." in path.split("/"):
            raise InvalidRequest("file.path", f"{path!r} is no path inside the folder")
        self._bytes += len(file.content)
        if self._bytes > self._config.upload_bytes_max or (path not in self._files and len(self._files) >= FILES_MAX):
            limits = f"{FILES_MAX} files of {self._config.upload_bytes_max} bytes together"
            raise RequestTooLarge("file", f"the folder is larger than the daemon accepts: {limits}")
        self._files.setdefault(path, bytearray()).extend(file.content)

    def _folder(self, options: tariffs_pb2.TariffOptions) -> dict[str, bytes]:
        if options.server_folder:
            if self._files:
                raise InvalidRequest("options.server_folder", "names a folder, and files were sent too")
            return server_files(options.server_folder, self._config.tariff_folders)
        if not self._files:
            raise InvalidRequest("file", "is missing: no file was sent, and options.server_folder names no folder")
        return {path: bytes(content) for path, content in self._files.items()}


def server_files(folder: str, allowed: Iterable[Path]) -> dict[str, bytes]:
    """The CSV files below a folder of this machine, if it lies in one that is allowed."""
    roots = [root.resolve() for root in allowed]
    path = Path(folder).resolve()
    if not any(path.is_relative_to(root) for root in roots):
        raise NotAllowed(
            f"folder {folder!r} is not below one that the setting tariff_folders names. "
            "Send the files themselves, or let the operator allow the folder."
        )
    if not path.is_dir():
        raise NotFound(f"folder {folder!r} does not exist on the daemon's machine.")
    files = {}
    for file in sorted(path.rglob("*.csv")):
        if file.is_file() and any(file.resolve().is_relative_to(root) for root in roots):
            files[file.relative_to(path).as_posix()] = file.read_bytes()
    if not files:
        raise NotFound(f"folder {folder!r} holds no CSV file.")
    return files


def _message(report: LoadReport) -> tariffs_pb2.TariffReport:
    message = tariffs_pb2.TariffReport(loaded=report.version is not None)
    if report.version is not None:
        message.version = str(report.version)
    for finding in report.findings:
        message.findings.add(
            file=finding.file,
            line=finding.line,
            column=finding.column,
            field=finding.field,
            severity=SEVERITIES[finding.severity],
            found=finding.found,
            message=finding.message,
            allowed=finding.allowed,
        )
    message.counts.update(report.counts)
    for account in report.accounts:
        message.accounts.add(tenant=account.key.tenant, account=account.key.account, changes=account.changes)
    for difference in report.differences:
        written = message.differences.add(
            kind=difference.kind,
            new_count=difference.new_count,
            changed_count=difference.changed_count,
            same_count=difference.same_count,
            new_names=difference.new,
        )
        for item in difference.changed:
            written.changed.add(name=item.name, rows=item.rows)
    return message
