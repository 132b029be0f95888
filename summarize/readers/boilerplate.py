"""Paragraphs of a web page that belong to the site and not to the article, in Arabic and English."""

from __future__ import annotations

import re

_COOKIES = re.compile(r"\bcookies?\b|ملفات (?:تعريف )?الارتباط|(?:ال)?كوكيز", re.I)
_CONSENT = re.compile(
    r"\bwe (?:and our partners )?(?:use|value|store)\b|\b(?:this|our) (?:web)?site\b|by continuing|"
    r"accept (?:all|cookies)|"
    r"\byou (?:agree|consent|accept)\b|نستخدم|يستخدم (?:هذا )?الموقع|هذا الموقع|بالاستمرار|باستمرارك|بمتابعة|"
    r"قبول (?:ال)?(?:كل|جميع)|أوافق|موافقتك",
    re.I,
)
_READ_ALSO = re.compile(
    r"^[\W_]*(?:read (?:also|more|next|too)|also (?:read|see)|see also|related (?:articles?|stories|news|topics|links)|"
    r"related|more (?:on this story|stories|from)|you (?:may|might) also (?:like|be interested)|"
    r"recommended(?: for you)?|"
    r"most (?:read|popular|viewed)|don'?t miss|"
    r"[اإأ]قر[أا](?:وا|ئي)? ?(?:أ?يضا|[أا]يضًا|المزيد|كذلك)|اقرأ (?:أيضاً|أيضًا)|طالع(?:وا)? (?:أيضا[ًَ]?|أيضًا)|"
    r"شاهد(?:وا)? (?:أيضا[ًَ]?|أيضًا)|للمزيد|المزيد (?:من|حول|عن) .{0,40}:|"
    r"(?:مواضيع|موضوعات|أخبار|مقالات|روابط) (?:ذات|متعلقة) ?(?:صلة)?|"
    r"قد (?:يهمك|يعجبك|تعجبك)|الأكثر (?:قراءة|مشاهدة)|لا يفوتك|اخترنا لك)(?=[\W_]|$)",
    re.I,
)
_BYLINE = re.compile(
    r"^(?:by[: ]\s*[A-Z][\w.'’-]+|written by\b|edited by\b|reporting by\b|photo(?:graph)?s? by\b|"
    r"(?:بقلم|تحرير|إعداد|كتابة|تصوير|ترجمة|كتبه|كتبته)\s*[:：/-]|بقلم\s|(?:كتب|كتبت)\s*[:：/-])",
    re.I,
)
_DATELINE = re.compile(
    r"^(?:(?:first )?published|(?:last )?updated|posted|تاريخ النشر|"
    r"نشر(?:ت)? (?:في|بتاريخ)|نُشر|آخر تحديث|تم التحديث)\b",
    re.I,
)
_CALL = re.compile(
    r"^(?:share (?:this|on)|share$|follow us|subscribe|sign up|advertisement$|download (?:the|our) app|"
    r"all rights reserved|"
    r"©|copyright|شارك(?:ها|وا)?(?: (?:هذا|هذه|على|المقال|الخبر).*)?$|"
    r"تابعنا|تابعونا|اشترك|إعلان$|اعلان$|حمّ?ل (?:ال)?تطبيق|"
    r"جميع الحقوق محفوظة)",
    re.I,
)
_SENTENCE_END = re.compile(r"[.!?؟…][\"'»”)]*$")


def without_boilerplate(paragraphs: list[str], author: str = "") -> list[str]:
    """``paragraphs`` less cookie notices, bylines, "read also" lists, and calls to share and subscribe.

    Only short paragraphs are judged, so that an article about cookies keeps its own.
    """
    kept: list[str] = []
    listing = 0
    for paragraph in paragraphs:
        words = len(paragraph.split())
        if listing and words <= 25 and not _SENTENCE_END.search(paragraph):
            listing -= 1
            continue
        listing = 0
        if heading := _READ_ALSO.match(paragraph):
            bare = not re.search(r"\w", paragraph[heading.end() :])
            if bare and words <= 8:
                listing = 10  # the heading of a list: what follows without an end of sentence is of the list
                continue
            colon = re.match(r"\s*[:：|»>\-–—←]", paragraph[heading.end() :])
            if words <= 25 and (colon or not _SENTENCE_END.search(paragraph)):
                continue
        if not _is_around(paragraph, words, author):
            kept.append(paragraph)
    return kept


def _is_around(paragraph: str, words: int, author: str) -> bool:
    if words <= 70 and _COOKIES.search(paragraph) and _CONSENT.search(paragraph):
        return True
    if words <= 14 and (_DATELINE.match(paragraph) or _CALL.match(paragraph)):
        return True
    if words <= 10 and not _SENTENCE_END.search(paragraph) and _BYLINE.match(paragraph):
        return True
    return bool(author) and paragraph.strip(" -–|،,") == author
