"""Opening a file and choosing its video; what is none is refused with its cure."""

from os import stat_result
from pathlib import Path
from stat import S_ISDIR, S_ISREG

import av
from av.container.input import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from vr_assets.errors import MediaError

# FFmpeg shows a picture as a video of one frame, draws text as a terminal would, and follows lists to other files and servers.
_STILLS = ("image2", "_pipe", "ico")
_TEXTS = frozenset({"tty", "bin", "xbin", "adf", "idf"})
_LISTS = frozenset({"concat", "concatf", "hls", "dash", "imf", "sdp", "rtsp", "webm_dash_manifest"})
_LIST_STARTS = (b"ffconcat", b"#EXTM3U")

_IS_LIST = "a list of other files, not a video; name those files"
_NO_INDEX = "its index is missing, for the recording was cut off before its end; copy it again, or have it repaired"

_MOST_BOXES = 1000

# Pictures that stand for a video beside it.
_THUMBNAIL = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image


def stat(path: Path) -> stat_result:
    """Raises MediaError: there is no such file, or it cannot be looked at."""
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise MediaError(f"{path}: a link to {path.readlink()}, which is not there; restore that file") from None
        raise MediaError(f"{path}: no such file; restore it or take it out of the batch") from None
    except OSError as error:
        raise MediaError(f"{path}: cannot be looked at ({error.strerror}); check its permissions and the disk") from None
    except ValueError as error:
        raise MediaError(f"{str(path)!a}: {error}; no file can have that name") from None
    if S_ISDIR(status.st_mode):
        raise MediaError(f"{path}: a folder; name the files in it")
    # A pipe would be waited for, a device read without end.
    if not S_ISREG(status.st_mode):
        raise MediaError(f"{path}: a device, pipe or socket; save it as a file first")
    return status


def open_container(path: Path) -> InputContainer:
    """Raises MediaError: the file is missing or no video that FFmpeg reads."""
    if stat(path).st_size == 0:
        raise MediaError(f"{path}: the file is empty; copy it again")
    try:
        with path.open("rb") as file:
            if file.read(16).startswith(_LIST_STARTS):
                raise MediaError(f"{path}: {_IS_LIST}")
        # FFmpeg takes what comes before a colon in a relative path for a protocol.
        container = av.open(str(path.absolute()), "r", options={"protocol_whitelist": "file"})
    except PermissionError:
        raise MediaError(f"{path}: not readable by this user; check its permissions") from None
    except (av.FFmpegError, OSError) as error:
        if _lacks_index(path):
            raise MediaError(f"{path}: {_NO_INDEX}") from None
        raise MediaError(f"{path}: not a video that FFmpeg can open ({_words(error)}); copy or export it again") from None
    wrong = _wrong(container)
    if wrong:
        container.close()
        raise MediaError(f"{path}: {wrong}")
    return container


def choose_video(container: InputContainer) -> VideoStream | None:
    """The stream that a player shows: a moving one before a thumbnail, the default one before others, then the largest."""

    def rank(stream: VideoStream) -> tuple[bool, bool, int]:
        moving = stream.frames != 1 and not stream.disposition & _THUMBNAIL
        return moving, bool(stream.disposition & Disposition.default), stream.width * stream.height

    # The first of equals.
    return max(_videos(container), key=rank, default=None)


def other_videos(container: InputContainer, chosen: VideoStream) -> list[VideoStream]:
    """The further moving streams."""
    return [stream for stream in _videos(container) if stream.index != chosen.index and stream.frames != 1]


def _videos(container: InputContainer) -> list[VideoStream]:
    return [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]


def _wrong(container: InputContainer) -> str | None:
    kind = container.format.name
    if kind.endswith(_STILLS):
        return "a still picture, not a video, whatever its name says; take it out of the batch"
    if kind in _TEXTS:
        return "a text, not a video; take it out of the batch"
    if kind in _LISTS:
        return _IS_LIST
    if not container.streams.get():
        return _NO_INDEX
    return None


def _lacks_index(path: Path) -> bool:
    """Whether a file is an MP4 as far as it goes, without the `moov` box (ISO/IEC 14496-12) that cameras write last."""
    kinds: list[bytes] = []
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() + 16 <= size_bytes and len(kinds) < _MOST_BOXES:
            start = file.tell()
            length, kind = int.from_bytes(file.read(4)), file.read(4)
            kinds.append(kind)
            length = int.from_bytes(file.read(8)) if length == 1 else length
            file.seek(start + length if length >= 8 else size_bytes)
    return kinds[:1] == [b"ftyp"] and b"mdat" in kinds and b"moov" not in kinds


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
