"""Fluent answers that are none: status 200, good English, and no video seen.

A caption tells of the video and speaks to nobody. So a refusal is looked for where a text speaks for itself: at the start of
one of its first sentences, outside quotes, in the first person or to the reader. "A sign reads 'please provide the video'" and
"the clerk is unable to view the screen" are captions.
"""

import re
from collections.abc import Iterable

from vr_assets.errors import ReplyError
from vr_assets.parsing.text import snippet

# A refusal comes at once, after a courtesy or two of at most so many words.
_SENTENCES_READ = 3
_COURTESY_WORDS = 4

_STRAIGHT = str.maketrans("‘’", "''")
_QUOTES = re.compile(r"\"[^\"]*\"|“[^”]*”|(?<![\w'])'[^'\n]{0,300}(?:'(?=\w)[^'\n]{0,300}){0,3}'(?!\w)|`[^`]*`")
_SENTENCE = re.compile(r"(?<=[.!?])[\s*]+|\n+")


def _any(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


_OPENING = (
    r"^[\s*_#>\-–—•\"'(\[]*"
    + _any(
        _any(
            r"i(?:'m| am) (?:(?:really|very|so) )?(?:sorry|afraid)",
            r"i apologi[sz]e|(?:my )?apologies|sorry|unfortunately|however|but|that|as|since|because|note",
            r"hello|hi|hey|sure|okay|ok|thank you|thanks|currently|at this time|at the moment|as of now",
            r"it (?:seems|looks|appears)(?: like)?",
        )
        + r"(?: for (?:the|any) \w+)?[,.!;:\s–—-]+"
    )
    + "*"
)
_DETERMINERS = (
    r"(?:(?:the|this|that|these|those|any|an?|your|actual|attached|uploaded|provided|external|specific|video|image) ){0,4}"
)
_INPUT = r"(?:video|clip|image|footage|frame|file|media|link|url|recording|caption|description|transcript|content|input|chunk)s?"
_SEEN = _any(
    "(?:video|image|media|visual) (?:files?|content|input)",
    "(?:video|clip|image|picture|frame|file|attachment|link|url|recording)s?",
    "footage",
    "media",
)
_GIVEN = _any(
    "provided|attached|uploaded|included|supplied|received|shared|given|submitted|available|accessible",
    "found in (?:this|the|your) (?:message|request|conversation|prompt)",
)
_CANNOT = (
    _any(
        "cannot|can not|can't|could not|couldn't",
        "(?:won't|will not) be able to|was(?: not|n't) able to|was unable to",
        "(?:am|'m) (?:unable to|not able to|not capable of|not equipped to|incapable of|not)",
        "(?:do not|don't) (?:currently )?have (?:the|any) (?:ability|capability|capacity|means|tools|way) (?:to|of)",
        "have no (?:ability|way|means) (?:to|of)|lack the (?:ability|capability) to",
        "do not|don't|did not|didn't",
    )
    + r"(?: (?:directly|actually|currently|physically|yet|really|be able to))*"
)
_SEE = "(?:view|see|watch|access|process|analy[sz]|receiv|load|open|play|examin|interpret|review|inspect|find|detect)(?:e|ing)?"
_MAKE = "(?:provide|generate|create|give|produce|write|offer|describe|caption|summari[sz]e|complete|answer|perform|fulfil+)"
_AI = r"an? (?:\w+[ -]){0,3}(?:ai|language model|llm|assistant|chatbot)"
_BE = "(?:is|was|are|were|has been|have been)"
_HAND_OVER = "(?:provide|share|upload|attach|send|paste|supply|re-?upload)"
_NEED = r"i(?:'d| would|'ll| will)? (?:(?:still|first) )?(?:need|require)"

# What one says who was not given the thing: asks for it, or states that it is not there.
_LACKS_INPUT = _any(
    rf"(?:could|can|would|will) you (?:(?:please|kindly) )?(?:{_HAND_OVER}|describe)\b",
    rf"(?:please|kindly) {_HAND_OVER}\b[^.!?]{{0,60}}\b{_INPUT}\b",
    r"please (?:try again|make sure|ensure|check)\b",
    r"(?:if|once|when) you(?:'ve)? (?:(?:can|could|would|have|please) )*(?:provide|share|upload|attach|describe|send?t?)d?\b",
    r"feel free to (?:upload|share|provide|attach|send|describe)\b",
    r"you (?:have not|haven't|did not|didn't) (?:provide|attach|upload|share|include)(?:e?d)?\b",
    rf"(?:to (?:{_MAKE}|help|assist|analy[sz]e)\b[^.!?]{{0,80}}\b)?"
    rf"{_NEED} (?:you to|(?:to (?:see|view|watch|have) )?{_DETERMINERS}{_INPUT}|more information)\b",
    rf"(?:no|there {_BE} no|there (?:is|was)(?:n't| not) an?y?|there (?:does not|doesn't) (?:seem|appear) to be an?y?) "
    rf"(?:(?:actual|accompanying|attached|such) )?(?:{_INPUT} ?(?:(?:or|and) )?){{1,3}} ?(?:{_BE} )?(?:actually )?{_GIVEN}",
    rf"(?:the|your|this) (?:\w+ )?{_SEEN} {_BE}(?:n't| not) (?:(?:been|be|properly|successfully|actually) )*{_GIVEN}"
    r"(?! (?:in|to(?! me)|by|with|from|of|at|on)\b)",
    rf"(?:the|your|this) (?:\w+ )?{_SEEN} (?:could not|couldn't|cannot|can't|fail(?:ed|s) to) "
    r"(?:be )?(?:(?:properly|successfully) )?(?:loaded|opened|played|processed|accessed|viewed|retrieved|load|open|play)\b",
    rf"(?:the|your) (?:\w+ )?{_SEEN} (?:seems? to be|appears? to be|is|are) missing"
    r"(?: from (?:the|your|this) (?:prompt|message|request)|[.,]|$)",
    rf"without [^.!?]{{0,60}}\b{_INPUT}\b[^.!?]{{0,30}}, i\b",
)
_DECLINES = _any(
    rf"as {_AI}(?: (?:language )?(?:model|assistant|system))? ?,? ?(?:i|my|we)\b",
    rf"i(?:'m| am) (?:(?:just|only) )?{_AI}\b",
    rf"i ?{_CANNOT} {_SEE}(?:(?:,| or| and|/)+ ?(?:(?:or|and) )?(?:{_SEE}|{_MAKE}))* (?:to )?{_DETERMINERS}{_SEEN}\b",
    rf"i ?{_CANNOT} (?:help|assist|comply|proceed|do (?:that|this)|answer (?:that|this)|process (?:this|that|your) request)\b",
    rf"i ?{_CANNOT} {_MAKE}(?: or \w+)? (?:\w+ ){{0,4}}"
    r"(?:captions?|descriptions?|summary|analysis|response|request|answer|task|questions?|videos?|images?|clips?)\b",
    r"i (?:(?:currently|still) )?(?:(?:do not|don't) (?:(?:currently|actually) )?have|have no|lack) "
    r"(?:\w+ ){0,3}(?:access to|ability to|vision|visual|video|eyes)\b",
    r"i (?:have not|haven't|have yet to|did not|didn't) (?:been (?:given|provided)|receiv\w*|get|got|seen?) "
    rf"(?:\w+ ){{0,3}}{_SEEN}\b",
    r"my (?:capabilities|abilities|training)\b[^.!?]{0,80}\b(?:text|limited|not|cannot)\b",
    r"this (?:request|content|prompt|video) (?:violates|goes against|may violate)\b",
)
_LACKS_INPUT_PATTERN = re.compile(_OPENING + _LACKS_INPUT, re.IGNORECASE)
_REFUSES_PATTERN = re.compile(_OPENING + _any(_DECLINES, _LACKS_INPUT), re.IGNORECASE)
# An apology, or a request for the video: no caption begins with either.
_ELSEWHERE = re.compile(
    r"^\W*"
    + _any(
        r"(?:很|非常)?(?:抱歉|对不起)|(?:我|本模型)(?:无法|不能|没有办法)(?:直接)?(?:查看|观看|看到|访问|分析|处理|识别)|请(?:您)?(?:提供|上传|分享)",
        r"申し訳(?:ありません|ございません)|すみません|죄송",
        r"lo siento|lamento|no puedo (?:ver|acceder|analizar|procesar|ayudar)|por favor,? (?:proporcion|comparte|sube)",
        r"(?:je suis )?désolée?|je ne peux pas|veuillez fournir",
        r"(?:es )?tut mir leid|entschuldigung|ich kann (?:das|dieses|keine?) (?:videos?|bild)|bitte (?:stellen|laden|senden)",
        r"desculpe|sinto muito|não (?:posso|consigo) (?:ver|acessar|analisar)|mi dispiace|извините|к сожалению,? я не",
    ),
    re.IGNORECASE,
)
_SAYS_NOTHING = re.compile(r"\W*(?:n/?a|not applicable|null|nil|tbd|to be determined)\W*", re.IGNORECASE)
_ERROR = re.compile(
    r"^\W*"
    + _any(
        r"(?:(?:internal|upstream|api|server) )*(?:error|exception) ?(?::|\(|\d)",
        r"traceback \(most|internal server error|bad gateway|service unavailable|gateway time-?out",
        r"request timed out|rate limit exceeded|<!doctype|<html",
    ),
    re.IGNORECASE,
)

# On-screen captions are things in a video: a caption or a description is evidence only where it cannot be one of those.
_EVIDENCE = re.compile(
    r"\b"
    + _any(
        r"(?:global|dense|chunk|video) (?:caption|description)s?\b",
        r"the (?:provided|supplied|given) (?:\w+ )?(?:caption|description)s?\b",
        r"captions? (?:provided|supplied|given)\b",
        r"(?:according to|based (?:up)?on|as (?:stated|described|mentioned|noted|given|per|reported) (?:in|by)|per|from) "
        r"the (?:captions|(?:detailed )?description)\b"
        r"(?! (?:of|on|at|in|over|under|above|below|across|shown|displayed|written))",
        r"the (?:detailed )?description (?:(?:explicitly|clearly|also|only) )?"
        r"(?:says|states|mentions|notes|indicates|describes|confirms|specifies|reports|explains|does not|doesn't)\b",
    ),
    re.IGNORECASE,
)


def refuses(text: str) -> bool:
    """Whether a text declines, asks for the video, or is an endpoint's error, in place of telling what the video shows."""
    return _ERROR.match(text) is not None or _ELSEWHERE.match(text) is not None or _begins(text, _REFUSES_PATTERN)


def lacks_input(text: str) -> bool:
    """Whether a text asks for what it should have been given. For answers made from text: those may well say "I cannot see"."""
    return _begins(text, _LACKS_INPUT_PATTERN)


def check_told(text: str, what: str) -> None:
    """Hold a part of a reply to tell of the video.

    Raises:
        ReplyError: it refuses, or says that there is nothing to tell.
    """
    if _SAYS_NOTHING.fullmatch(text):
        raise ReplyError(f"nothing in place of {what}: {snippet(text)}")
    if refuses(text):
        raise ReplyError(f"a refusal in place of {what}: {snippet(text)}")


def cited_evidence(text: str) -> str | None:
    """The words in which a text cites the captions or the description it was made from, or None."""
    found = _EVIDENCE.search(_without_quotes(text))
    return found[0] if found else None


def _begins(text: str, pattern: re.Pattern[str]) -> bool:
    return any(pattern.match(" ".join(sentence.split())) for sentence in _first_sentences(text))


def _first_sentences(text: str) -> Iterable[str]:
    sentences = [sentence for sentence in _SENTENCE.split(_without_quotes(text)) if re.search(r"\w", sentence)]
    courtesies = sum(len(sentence.split()) <= _COURTESY_WORDS for sentence in sentences[:_SENTENCES_READ])
    return sentences[: _SENTENCES_READ + courtesies]


def _without_quotes(text: str) -> str:
    return _QUOTES.sub('""', text.translate(_STRAIGHT))
