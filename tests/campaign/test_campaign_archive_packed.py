"""An exported campaign as one file: out and in again, and whatever else such a file may hold."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_archive

from nci_core.campaign import Campaign
from nci_core.campaign.exchange import archive_packed
from nci_core.campaign.exchange.archive import bring_in, export_campaign, import_campaign
from nci_core.campaign.exchange.takeaway import packed
from nci_core.errors import InputError
from nci_core.store import label_queries


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return tiny_archive.make(tmp_path_factory.mktemp("made"))


def same(one: Campaign, other: Campaign, folder: Path) -> None:
    """Whether two campaigns export the same files."""
    for campaign, name in ((one, "one"), (other, "other")):
        export_campaign(campaign, folder / name)
    files = [path.relative_to(folder / "one") for path in sorted((folder / "one").rglob("*")) if path.is_file()]
    assert len(files) == 8
    for file in files:
        assert (folder / "one" / file).read_bytes() == (folder / "other" / file).read_bytes(), file


def test_what_the_browser_downloads_comes_back(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NCI_HOME", str(tmp_path / "home"))
    made = packed(campaign.folder, ".zip")
    assert bring_in(made.content, made.name) == "tiny"
    assert bring_in(made.content, "../Tiny (1).zip", tmp_path / "elsewhere") == "tiny-1"
    again = Campaign.open(tmp_path / "home" / "tiny")
    try:
        recipe = campaign.recipe.hash
        assert label_queries.state_counts(again.store, recipe) == label_queries.state_counts(campaign.store, recipe)
        assert [model.name for model in (again.active_model(),) if model] == ["round-1-finetuned"]
        same(campaign, again, tmp_path)
    finally:
        again.store.close()


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.xz"])
def test_a_tar_is_an_archive_too(campaign: Campaign, tmp_path: Path, suffix: str) -> None:
    export_campaign(campaign, tmp_path / "exported")
    source = tmp_path / f"tiny.{suffix}"
    with tarfile.open(source, f"w:{suffix[4:]}") as tar:
        tar.add(tmp_path / "exported", "./exported")
    import_campaign(source, tmp_path / "new").store.close()
    assert archive_packed.stem(source) == "tiny"


def entries(campaign: Campaign) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed(campaign.folder, ".zip").content)) as found:
        return {name: found.read(name) for name in found.namelist()}


def refused(content: bytes, folder: Path, match: str) -> None:
    source = folder / "sent.zip"
    source.write_bytes(content)
    with pytest.raises(InputError, match=match) as error:
        import_campaign(source, folder / "new")
    assert str(error.value).startswith(str(source))
    assert "nci-unpacked" not in str(error.value)
    assert [path.name for path in folder.iterdir()] == ["sent.zip"]


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, each in files.items():
            parts.writestr(name, each)
    return content.getvalue()


Change = Callable[[dict[str, bytes]], dict[str, bytes]]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda files: {"notes.txt": b"nothing"}, "holds no campaign"),
        (lambda files: files | {"other/campaign.toml": b""}, "more than one campaign"),
        (lambda files: {f"a/b/{name}": each for name, each in files.items()}, "holds no campaign"),
        (
            lambda files: {name: each for name, each in files.items() if "labels" not in name},
            r"labels\.jsonl is missing",
        ),
        (lambda files: files | {"tiny/models/round-0-distilled.pt": b"x"}, r"round-0-distilled\.pt is not the file"),
        (lambda files: files | {"tiny/predictions.jsonl": b" " * 2_000_000}, r"predictions\.jsonl is larger"),
    ],
)
def test_a_file_that_is_no_archive_leaves_nothing_behind(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change, match: str
) -> None:
    monkeypatch.setattr(archive_packed, "MOST_BYTES", 1_000_000)
    refused(zipped(change(entries(campaign))), tmp_path, match)


def test_names_lead_nowhere_and_sizes_are_bounded(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = entries(campaign)
    whole = zipped(files)
    refused(b"no archive at all", tmp_path, "neither a zip nor a tar")
    refused(whole[: len(whole) // 2], tmp_path, "neither a zip nor a tar")
    (tmp_path / "sent.zip").unlink()
    home = tmp_path / "home"
    home.mkdir()
    outside = {"../escaped": b"x", "/tmp/escaped": b"x", "tiny/models/../../../escaped": b"x", "tiny/models/x.pt": b"x"}
    (home / "sent.zip").write_bytes(zipped(files | outside))
    import_campaign(home / "sent.zip", home / "new").store.close()
    assert not list(tmp_path.rglob("escaped*"))
    assert sorted(path.name for path in (home / "new" / "models").iterdir()) == sorted(
        f"{name}.pt" for name in tiny_archive.CHECKPOINTS
    )
    link = io.BytesIO()
    with tarfile.open(fileobj=link, mode="w:gz") as tar:
        for name, each in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(each)
            if name.endswith("labels.jsonl"):
                info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0
            tar.addfile(info, io.BytesIO(each))
    (tmp_path / "tar").mkdir()
    refused(link.getvalue(), tmp_path / "tar", r"labels\.jsonl is missing")
    monkeypatch.setattr(archive_packed, "MOST_UNPACKED_BYTES", 1000)
    refused(link.getvalue(), tmp_path / "tar", "larger than an exported campaign")
