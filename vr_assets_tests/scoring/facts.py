"""Judges what was measured in a drawn scene by how it was drawn."""

from vr_assets.records.scene import Camera, Incident, IncidentKind, Light, Scene, SpeedChange, Track
from vr_assets_tests.drawn_facts import INCIDENTS, Seen, Truth
from vr_assets_tests.scoring.matching import SURE, belongs, matched, said
from vr_assets_tests.scoring.tally import Tally

NEAR_S = 0.5
_FASTER = 1.3
_TOUCHING = 0.03


def judge(tally: Tally, scene: Scene, truth: Truth) -> None:
    """Every kind of fact, of the whole scene and of each mover."""
    where = f"{truth.scene.seed} {truth.scene.kind}"
    _judge_view(tally, scene, truth, where)
    if scene.camera is Camera.UNSETTLED:
        tally.had("settled", False, where)
    movers = matched(scene, truth)
    for place, track in said(scene):
        tally.says(
            "mover", place in movers, f"{where}: {_briefly(track)}, {'again' if belongs(track, truth.seen) else 'nothing'}"
        )
    tracks = {number: scene.tracks[place] for place, number in movers.items()}
    for number, seen in enumerate(truth.seen):
        told = f"{where}: mover {number}, {seen.span[0]:.1f} to {seen.span[1]:.1f} s"
        tally.had("mover", number in tracks, told)
        _judge_mover(tally, tracks.get(number), seen, told)
        _judge_deeds(tally, tracks.get(number), truth, number, told)
    _judge_count(tally, scene, truth, where)
    _judge_contacts(tally, scene, truth, movers, where)
    _judge_things(tally, scene, truth, where)
    _judge_incidents(tally, scene, truth, movers, where)


def _briefly(track: Track) -> str:
    return f"{track.colour or 'a'} track, {track.start_s:.1f} to {track.end_s:.1f} s"


def _judge_view(tally: Tally, scene: Scene, truth: Truth, where: str) -> None:
    drawn = truth.scene
    if scene.light is not None:
        tally.says("light", (scene.light is Light.NIGHT) == drawn.night, f"{where}: {scene.light}")
    tally.had("light", scene.light is not None, where)
    moves = [(span.start_s, span.end_s) for span in scene.camera_moves]
    if scene.camera is Camera.MOVING and not moves:
        moves = [(0.0, scene.duration_s)]
    for span in moves:
        tally.says("camera moved", drawn.turned is not None and _overlap(span, drawn.turned), f"{where}: {span}")
    if drawn.turned is not None:
        tally.had("camera moved", any(_overlap(span, drawn.turned) for span in moves), where)
    for cut_s in scene.cuts_s:
        tally.says("cut", drawn.cut_s is not None and abs(cut_s - drawn.cut_s) <= NEAR_S, f"{where}: {cut_s:.1f} s")
    if drawn.cut_s is not None:
        tally.had("cut", any(abs(cut_s - drawn.cut_s) <= NEAR_S for cut_s in scene.cuts_s), where)


def _judge_mover(tally: Tally, track: Track | None, seen: Seen, told: str) -> None:
    for kind, time_kind, edge in (("edge in", "entry time", seen.entered), ("edge out", "exit time", seen.left)):
        came = kind == "edge in"
        stated = (track.entered if came else track.left) if track else ()
        if track and stated:
            tally.says(kind, edge in [side.value for side in stated], f"{told}: {stated}, drawn {edge or 'inside'}")
            time_s, true_s = (track.start_s, seen.span[0]) if came else (track.end_s, seen.span[1])
            if edge and tally.says(time_kind, abs(time_s - true_s) <= NEAR_S, f"{told}: {time_s:.2f} for {true_s:.2f}"):
                tally.late(time_kind, time_s - true_s)
        if edge:
            tally.had(kind, bool(stated), told)
            tally.had(time_kind, bool(stated), told)
    if track and track.heading:
        sides = tuple(side.value for side in track.heading)
        tally.says("direction", seen.heads(sides), f"{told}: {sides}, drawn {seen.heading or 'none'}")
    if seen.goes_places:
        tally.had("direction", bool(track and track.heading), told)
    if track and track.colour:
        tally.says("colour", track.colour.value in seen.colours, f"{told}: {track.colour}, drawn {seen.mover.paint}")
    tally.had("colour", bool(track and track.colour), told)


def _judge_deeds(tally: Tally, track: Track | None, truth: Truth, number: int, told: str) -> None:
    """Stops, speed, falls, loitering."""
    seen = truth.seen[number]
    stops = track.stops if track else ()
    for stop in stops:
        true = next((one for one in seen.stands if one.begins(stop.start_s, NEAR_S)), None)
        if tally.says("stop", true is not None, f"{told}: {stop.start_s:.2f}, drawn {seen.stands}") and true:
            tally.late("stop", stop.start_s - true.start_s)
            if true.end_s is not None or stop.end_s is not None:
                ends = true.end_s is not None and stop.end_s is not None and abs(true.end_s - stop.end_s) <= NEAR_S
                tally.says("going on", ends, f"{told}: {stop.end_s}, drawn {true.end_s}")
            if stop.abrupt:
                tally.says("abrupt", true.abrupt, f"{told}: {stop.start_s:.2f}")
    for stand in seen.stands:
        tally.had("stop", any(stand.begins(stop.start_s, NEAR_S) for stop in stops), f"{told}: {stand}")
        if stand.abrupt and seen.mover.falls is None:
            found = any(stop.abrupt and stand.begins(stop.start_s, NEAR_S) for stop in stops)
            tally.had("abrupt", found, f"{told}: {stand}")
    own = [happening for happening in truth.scene.happenings if happening.mover == number]
    changes = track.speed_changes if track else ()
    for change in changes:
        tally.says(
            "speed change", _changes(seen, change), f"{told}: {change.moment_s:.2f} {'faster' if change.faster else 'slower'}"
        )
    for happening in own:
        if happening.kind in ("sudden_speed", "faster", "slower"):
            faster = happening.kind != "slower"
            span = happening.from_s - NEAR_S, happening.to_s + NEAR_S
            found = any(change.faster is faster and span[0] <= change.moment_s <= span[1] for change in changes)
            tally.had("speed change", found, f"{told}: {happening.kind} at {happening.from_s:.1f}")
    falls = track.falls if track else ()
    fall = seen.mover.falls
    for moment_s in falls:
        right = fall is not None and fall[0] - NEAR_S <= moment_s <= fall[1] + NEAR_S
        tally.says("fall", right, f"{told}: {moment_s:.2f}, drawn {fall}")
    if fall is not None:
        tally.had("fall", any(fall[0] - NEAR_S <= moment_s <= fall[1] + NEAR_S for moment_s in falls), told)
    about = [(one.from_s, one.to_s) for one in own if one.kind == "loiter"]
    loiters = [(span.start_s, span.end_s) for span in track.loiters] if track else []
    for stretch in loiters:
        tally.says("loitering", any(_mostly(stretch, one) for one in about), f"{told}: {stretch}, drawn {about}")
    for one in about:
        tally.had("loitering", any(_overlap(stretch, one) for stretch in loiters), told)


def _changes(seen: Seen, change: SpeedChange) -> bool:
    """Whether it was drawn going faster, or slower, from about that moment on."""
    for shift_s in (-NEAR_S, -0.25, 0.0, 0.25, NEAR_S):
        before, after = (seen.speed(change.moment_s + shift_s + side, 0.3) for side in (-0.5, 0.5))
        if (after > _FASTER * before + 0.02) if change.faster else (before > _FASTER * after + 0.02):
            return True
    return False


def _judge_count(tally: Tally, scene: Scene, truth: Truth, where: str) -> None:
    """Of movers and of crossings, where the annotator counts: nothing it saw stayed unaccounted for."""
    sure = len(said(scene)) == len(scene.tracks)
    counts = scene.camera is Camera.STEADY and not scene.busy and scene.complete and sure and not scene.stirs
    movers = len(truth.seen)
    crossings = sum(bool(seen.entered and seen.left) for seen in truth.seen)
    if counts:
        tally.says("count", len(scene.tracks) == movers, f"{where}: {len(scene.tracks)}, drawn {movers}")
        crossed = sum(bool(track.entered and track.left) for track in scene.tracks)
        if crossed == len(scene.tracks):
            tally.says("crossings", crossed == crossings, f"{where}: {crossed}, drawn {crossings}")
    if truth.scene.turned is None:
        tally.had("count", counts, where)


def _judge_contacts(tally: Tally, scene: Scene, truth: Truth, movers: dict[int, int], where: str) -> None:
    stated = []
    for contact in scene.contacts:
        if contact.confidence < SURE:
            continue
        pair = tuple(sorted((movers.get(contact.one, -1), movers.get(contact.other, -1))))
        times = [contact.start_s - NEAR_S + 0.1 * step for step in range(round((contact.end_s - contact.start_s) * 10) + 11)]
        right = -1 not in pair and any(truth.gap(pair[0], pair[1], time_s) <= _TOUCHING for time_s in times)
        tally.says("contact", right, f"{where}: {contact.start_s:.1f} to {contact.end_s:.1f} s, movers {pair}")
        stated.append((pair, (contact.start_s - NEAR_S, contact.end_s + NEAR_S)))
    for pair, span in truth.contacts.items():
        if span[1] - span[0] >= 0.4:
            told = any(one == pair and _overlap(stretch, span) for one, stretch in stated)
            tally.had("contact", told, f"{where}: {span[0]:.1f} to {span[1]:.1f} s")


def _judge_things(tally: Tally, scene: Scene, truth: Truth, where: str) -> None:
    width, height = truth.scene.look.size
    for taken, kind in ((False, "left behind"), (True, "taken")):
        stated = [thing for thing in scene.belongings if thing.taken is taken and thing.confidence >= SURE]
        things = [thing for thing in truth.scene.things if thing.taken is taken]
        told = set()
        for one in stated:
            right = False
            for thing in things:
                x, y = (one.area.x0 + one.area.x1) / 2, (one.area.y0 + one.area.y1) / 2
                there = abs(x - thing.x / width) < 0.08 and abs(y - thing.y / height) < 0.1
                if there and thing.from_s - NEAR_S <= one.moment_s <= thing.to_s + NEAR_S:
                    right = True
                    told.add(thing)
            tally.says(kind, right, f"{where}: {one.moment_s:.2f} s, drawn {[(thing.from_s, thing.to_s) for thing in things]}")
        for thing in things:
            tally.had(kind, thing in told, f"{where}: {thing.from_s:.1f} s")


def _judge_incidents(tally: Tally, scene: Scene, truth: Truth, movers: dict[int, int], where: str) -> None:
    happenings = [happening for happening in truth.scene.happenings if happening.kind in INCIDENTS]
    stated = [incident for incident in scene.incidents if incident.confidence >= SURE]
    told = set()
    for incident in stated:
        right = [one for one in happenings if _is_of(incident, one.kind, one.from_s, one.to_s)]
        right = [one for one in right if movers.get(incident.track) in (one.mover, one.beside)]
        told |= {one.kind for one in right}
        tally.says("incident", bool(right), f"{where}: {incident.kind} at {incident.moment_s:.2f}")
        tally.says(f"incident {incident.kind}", bool(right), f"{where}: at {incident.moment_s:.2f}")
    if happenings:
        # The first one is what the scene is about; a collision's stops go with it.
        main = happenings[0]
        tally.had("incident", main.kind in told, f"{where}: {main.kind} at {main.from_s:.1f}")
        tally.had(f"incident {main.kind}", main.kind in told, f"{where}: at {main.from_s:.1f}")
    else:
        tally.says("no incident", not stated, f"{where}: {[one.kind.value for one in stated]}")
    tally.had("verdict", bool(stated) == bool(happenings), where)
    if stated:
        tally.says("anomaly", bool(happenings), where)
    else:
        tally.says("normal", not happenings, where)


def _is_of(incident: Incident, kind: str, from_s: float, to_s: float) -> bool:
    return incident.kind is IncidentKind(kind) and from_s - NEAR_S <= incident.moment_s <= to_s + NEAR_S


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return min(one[1], other[1]) + NEAR_S > max(one[0], other[0])


def _mostly(stretch: tuple[float, float], one: tuple[float, float]) -> bool:
    """Half of a stretch at least is in another."""
    return min(stretch[1], one[1]) - max(stretch[0], one[0]) >= 0.5 * (stretch[1] - stretch[0])
