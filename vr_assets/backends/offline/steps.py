"""What is seen of a mover, one timed sentence a step: the material of reasoning."""

from dataclasses import replace

from vr_assets.backends.offline.actors import TURNS, Actor, Step
from vr_assets.backends.offline.story import Story
from vr_assets.backends.offline.words import clock, place, region, sentence, towards, way_in, way_out


def seen(story: Story, actor: Actor) -> list[str]:
    """Sentences without full stops; the first one names the mover."""
    if actor.visits:
        came = f"at {clock(actor.start_s)} something comes into the frame {way_in(actor.entered)}"
        gone = f"by {clock(actor.end_s)} it has withdrawn {way_out(actor.left)}"
        things = [phase for phase in story.phases(actor) if phase.thing is not None]
        if things:
            plain = replace(story, timed=False)
            does = [f"at {clock(phase.start_s)} it {clause}" for phase in things for clause in plain.turn(actor, phase)]
            return [came, *does, gone]
        if actor.changed is None:
            return [came, gone]
        where = region(actor.changed)
        return [came, gone, f"the picture{f' {where}' if where else ''} is then no longer as it was before"]
    told: list[str] = []
    for phase in story.phases(actor):
        who = "it" if told else actor.name if not actor.timed else actor.intro
        at = clock(phase.start_s)
        match phase.step:
            case Step.ENTER:
                told.append(f"at {at} {who} comes into the frame {way_in(actor.entered)}")
            case Step.PRESENT:
                told.append(f"{who} is in the frame from the start" if story.whole else f"at {at} {who} is in the frame")
            case Step.APPEAR:
                told.append(f"at {at} {who} is first seen moving")
            case Step.MOVE if actor.heading:
                on = " on" if any(stop.start_s <= phase.start_s for stop in actor.track.stops) else ""
                told.append(f"{who} moves{on} {towards(actor.heading)}")
            case Step.STAND:
                assert phase.stop is not None
                where = place(phase.stop.x, phase.stop.y)
                until = "until the video ends" if phase.stop.end_s is None else f"until {clock(phase.stop.end_s)}"
                if phase.stop.start_s < phase.start_s:
                    told.append(f"{who} stands still{f' {where}' if where else ''} {until}")
                    continue
                how = "stops abruptly" if phase.stop.abrupt else "comes to a stop"
                other = story.beside(actor, phase.stop.start_s)
                told.append(f"at {at} {who} {how}{f' {where}' if where else ''}{f' next to {other.name}' if other else ''}")
                told.append(f"it stands there {until}")
            case Step.LEAVE:
                told.append(f"at {at} {who} leaves {way_out(actor.left)}")
            case Step.VANISH:
                told.append(f"at {at} {who} is last seen")
            case step if step in TURNS:
                told += [f"at {at} {who} {clause}" for clause in replace(story, timed=False).turn(actor, phase)]
            case _:
                pass
    return told


def reasoning(story: Story, *actors: Actor, so: str) -> str:
    """What is seen of the movers, in order, and what follows from it."""
    told = [sentence(text) for actor in sorted(actors, key=lambda actor: actor.start_s) for text in seen(story, actor)]
    return " ".join([*told, sentence(so)])
