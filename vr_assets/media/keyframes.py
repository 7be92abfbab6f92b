"""A file's keyframes alone: what a recording of hours looks like, at a small part of a decode."""

from collections.abc import Iterator

import av

from vr_assets.media.decode import SAME_TIME_S, Footage, Shown


class KeyFootage(Footage):
    """Footage of which only the keyframes are looked at."""

    def keyframes(self, start_s: float = 0.0, *, apart_s: float) -> Iterator[Shown]:
        """Pictures that decode by themselves, no two closer than `apart_s`, from one at or before `start_s` where there is one.

        Costs a decode for each, and reading the packets between them. How long they are shown is not known: 0.
        """
        zero = self._find_zero()
        if zero is None:
            return
        if self._leaps():
            yield from self._spaced(start_s, apart_s)
            return
        if (yield from self._sought(zero, start_s, lambda: self._keyframes(zero, apart_s))):
            return
        self._reopen()
        yield from self._keyframes(zero, apart_s)

    def _spaced(self, start_s: float, apart_s: float) -> Iterator[Shown]:
        """Pictures of a file whose clock leaps: only who decodes it from its start knows when they are shown."""
        due_s = start_s - apart_s
        for shown in self._from(start_s):
            if shown.time_s >= due_s - SAME_TIME_S:
                yield shown
                due_s = shown.time_s + apart_s

    def _keyframes(self, zero: int, apart_s: float) -> Iterator[Shown]:
        due_s = float("-inf")
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                stamp = packet.dts if self._decode_times or packet.pts is None else packet.pts
                if not packet.is_keyframe or stamp is None:
                    continue
                time_s = float((stamp - zero) * self._time_base)
                if time_s < due_s:
                    continue
                # Each by itself: no frame waits for ones that never come, and none is made up to stand for them.
                decoded = [*packet.decode(), *self.stream.decode(None)]
                self.stream.codec_context.flush_buffers()
            except av.FFmpegError:
                self.damaged_packets += 1
                continue
            self.decoded_frames += len(decoded)
            if decoded:
                yield Shown(max(0.0, time_s), 0.0, decoded[0])
                due_s = time_s + apart_s - SAME_TIME_S
