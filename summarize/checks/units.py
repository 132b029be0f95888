"""Closed tables that give a number its meaning: what it counts, currencies, rounding words, months and weekdays.

Keys are folded words; a value is a concept shared by both languages, so that "17 killed" and "١٧ قتيلا" can be told
from "17 wounded".
"""

from __future__ import annotations

from .text import fold_word


def _table(rows: dict[str, str]) -> dict[str, str]:
    return {fold_word(w): concept for concept, words in rows.items() for w in words.split()}


UNITS = _table({
    "second": "second seconds ثانية ثوان ثواني ثانيتين",
    "minute": "minute minutes min mins دقيقة دقائق دقيقتين",
    "hour": "hour hours hrs ساعة ساعات ساعتين",
    "day": "day days يوم يوما أيام يومين",
    "week": "week weeks أسبوع أسبوعا أسابيع أسبوعين",
    "month": "month months شهر شهرا أشهر شهور شهرين",
    "year": "year years سنة سنوات سنين سنتين عام عاما أعوام عامين",
    "decade": "decade decades عقد عقود عقدين",
    "century": "century centuries قرن قرون قرنا",
    "km": "km kilometre kilometres kilometer kilometers كيلومتر كيلومترا كيلومترات كلم كم كيلو",
    "mile": "mile miles ميل ميلا أميال",
    "metre": "metre metres meter meters متر مترا أمتار",
    "foot": "foot feet ft قدم قدما أقدام",
    "cm": "cm centimetre centimetres سنتيمتر سنتيمترا سم",
    "kg": "kg kilogram kilograms kilo kilos كيلوغرام كيلوغراما كلغ كيلوجرام",
    "tonne": "ton tons tonne tonnes طن طنا أطنان",
    "killed": "killed dead deaths died dies dying fatalities قتيل قتيلا قتلى مقتل قتل قتلوا مصرع وفاة وفيات شهيد "
              "شهيدا شهداء استشهاد استشهد لقوا",
    "wounded": "wounded injured injuries hurt wounding injuring جريح جريحا جرحى إصابة أصيب أصيبوا مصاب مصابا مصابين "
               "مصابون إصابات بجروح جرح",
    "arrested": "arrested detained arrests detainees معتقل معتقلا معتقلين موقوف موقوفا اعتقال اعتقلت توقيف",
})  # fmt: skip
"""Word to the concept that it counts."""

RIVALS: tuple[frozenset[str], ...] = (
    frozenset({"second", "minute", "hour", "day", "week", "month", "year", "decade", "century"}),
    frozenset({"km", "mile", "metre", "foot", "cm"}),
    frozenset({"kg", "tonne"}),
    frozenset({"killed", "wounded", "arrested"}),
)
"""Concepts that exclude each other: 5 days are not 5 weeks."""

CURRENCIES = _table({
    "USD": "$ dollar dollars usd دولار دولارا دولارات",
    "EUR": "€ euro euros eur يورو",
    "GBP": "£ pound pounds gbp sterling إسترليني استرليني جنيه جنيها جنيهات",  # Egyptian and Sudanese ones too
    "JPY": "¥ yen ين",
    "CNY": "yuan renminbi يوان",
    "INR": "₹ rupee rupees روبية روبيات",
    "RUB": "rouble roubles ruble rubles روبل روبلا",
    "SAR": "riyal riyals rial rials ريال ريالا ريالات",
    "AED": "dirham dirhams درهم درهما دراهم",
    "DIN": "dinar dinars دينار دينارا دنانير",
    "LBP": "ليرة ليرات lira liras",
    "ILS": "shekel shekels شيكل شيقل",
    "CENT": "cent cents pence penny سنت سنتا بنس",
})  # fmt: skip

PERCENT = frozenset(fold_word(w) for w in ("%", "percent", "percentage", "بالمئة", "بالمائة", "pct", "pc"))

ABOUT = {
    fold_word(w): way
    for way, words in {
        "about": "about around approximately roughly circa some approx nearly almost estimated نحو حوالي حوالى قرابة "
        "زهاء تقريبا يقارب يناهز تقارب تناهز",
        "more": "over above exceeding exceeds topped يفوق تجاوز يتجاوز تتجاوز تفوق فاق",
        "less": "under below دون",
    }.items()
    for w in words.split()
}  # fmt: skip
"""Rounding words: the stated number stands for one near it, a greater or a smaller one."""
ABOUT_MORE = frozenset(fold_word(w) for w in "more least أكثر أزيد الأقل يقل يزيد كثر".split())
ABOUT_LESS = frozenset(fold_word(w) for w in "less fewer most أقل".split())

_MONTHS = (
    ("january", "jan", "يناير", "كانون الثاني", "جانفي"), ("february", "feb", "فبراير", "شباط", "فيفري"),
    ("march", "mar", "مارس", "آذار"), ("april", "apr", "أبريل", "نيسان", "إبريل", "أفريل"),
    ("may", "مايو", "أيار", "ماي"), ("june", "jun", "يونيو", "حزيران", "يونيه", "جوان"),
    ("july", "jul", "يوليو", "تموز", "يوليه", "جويلية"), ("august", "aug", "أغسطس", "آب", "أوت", "غشت"),
    ("september", "sep", "sept", "سبتمبر", "أيلول", "شتنبر"), ("october", "oct", "أكتوبر", "تشرين الأول", "اكتوبر"),
    ("november", "nov", "نوفمبر", "تشرين الثاني", "نونبر"), ("december", "dec", "ديسمبر", "كانون الأول", "دجنبر"),
)  # fmt: skip
MONTHS: dict[tuple[str, ...], int] = {
    tuple(fold_word(name).split()): i + 1 for i, names in enumerate(_MONTHS) for name in names
}
"""Gregorian month names of both languages, the Levantine and Maghrebi ones too, as tuples of folded words."""
UNSURE_MONTHS = frozenset(
    {"may", "march", "mar", "jun", "jan", "sep", "dec", "oct", "aug", "اب", "مارس", "ماي", "جوان", "اوت"}
)
"""Month names that are other words too: they need a day, a year or a preposition beside them."""
MONTH_LEADS = frozenset(
    "in since until till by from last next this early late mid of during before after شهر في منذ حتي خلال اول نهايه "
    "بدايه مطلع منتصف اواخر اوايل".split()
)

_HIJRI = (
    ("muharram", "محرم"), ("safar", "صفر"), ("rabi al-awwal", "ربيع الأول"), ("rabi al-thani", "ربيع الآخر",
     "ربيع الثاني"),
    ("jumada al-awwal", "جمادى الأولى"), ("jumada al-thani", "جمادى الآخرة", "جمادى الثانية"), ("rajab", "رجب"),
    ("shaban", "شعبان"), ("ramadan", "رمضان"), ("shawwal", "شوال"), ("dhu al-qadah", "ذو القعدة", "ذي القعدة"),
    ("dhu al-hijjah", "ذو الحجة", "ذي الحجة"),
)  # fmt: skip
HIJRI: dict[tuple[str, ...], int] = {
    tuple(fold_word(name).replace("-", " - ").split()): i + 1 for i, names in enumerate(_HIJRI) for name in names
}

WEEKDAYS = {
    fold_word(w): i
    for i, words in enumerate((
        "monday mon الاثنين الإثنين", "tuesday الثلاثاء", "wednesday الأربعاء", "thursday الخميس", "friday الجمعة",
        "saturday السبت", "sunday الأحد",
    ))
    for w in words.split()
}  # fmt: skip
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = tuple(names[0].capitalize() for names in _MONTHS)
