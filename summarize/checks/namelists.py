"""Closed word lists for names: titles, generic words inside names, roles that a country or a person may hold."""

from __future__ import annotations

from .text import fold_word


def _set(words: str) -> frozenset[str]:
    return frozenset(fold_word(w) for w in words.split())


TITLES_EN = _set(
    "pm mr mrs ms miss dr sir lord lady dame prof professor president prime minister chancellor king queen prince "
    "princess "
    "pope senator governor mayor judge justice sheriff captain general colonel major lieutenant sergeant constable "
    "inspector superintendent detective chief secretary ambassador sheikh imam ayatollah rev reverend bishop "
    "archbishop "
    "gen col lt sgt capt sen sens senators reps rep gov hon jr sr st mt ft cardinal congressman congresswoman "
    "councillor mp mps msp mep cllr pc dc ceo director chairman manager coach"
)
GENERIC_EN = _set(
    "the a an and of for in on at to by with from new old great north south east west northern southern "
    "eastern western "
    "central united national international royal state federal first second third city county council court crown high "
    "supreme house party government parliament assembly police force fire service ambulance hospital "
    "university college "
    "school academy church cathedral street road park bridge river lake island isle bay airport station centre center "
    "stadium arena cup league championship championships premier premiership division open grand prix masters tour "
    "trophy final finals olympic olympics games club fc afc united city rovers town athletic county association union "
    "group company bank trust foundation institute society agency authority commission committee board department "
    "ministry office press news times post daily mail sun telegraph guardian media tv radio internet web day "
    "night world "
    "war ii iii iv act bill law prize award awards festival show christmas easter christian catholic god jewish bible "
    "english-language i i'm i'll i've i'd ok no. nhs gp id it tv dna hiv ceo gdp mph km gmt bst est uk us eu"
)
TITLES_AR = _set(
    "الرئيس رئيس الوزير وزير وزيرة الملك ملك الأمير أمير الأميرة الملكة الشيخ السيد السيدة الدكتور الدكتورة "
    "اللواء العميد "
    "العقيد الجنرال النائب السفير السيناتور البابا الإمام المدرب اللاعب المهاجم الحارس النجم الممثل الممثلة المغني "
    "المغنية الفنان الفنانة المخرج الكاتب الصحفي الصحافي الصحفية الناشط الناشطة المعارض المرشح المتحدث الناطق المستشار "
    "المستشارة القائد الزعيم الأمين المدير"
)
ROLES: dict[str, str] = {
    fold_word(w): role
    for role, words in {
        "president": "president presidential الرئيس رئيس رئيسة الرئاسة الرئاسية",
        "minister": "minister ministry وزير وزيرة وزارة الوزير",
        "premier": "premier chancellor مستشار المستشارة",
        "king": "king queen monarch ملك الملك العاهل عاهل الملكة",
        "army": "army military troops soldiers forces جيش الجيش قوات القوات جنود الجنود",
        "government": "government authorities حكومة الحكومة سلطات السلطات",
        "embassy": "embassy ambassador سفارة السفارة سفير السفير",
        "police": "police شرطة الشرطة",
        "parliament": "parliament برلمان البرلمان",
        "capital": "capital عاصمة العاصمة",
        "team": "team national squad منتخب المنتخب فريق الفريق",
        "citizen": "citizen citizens national nationals مواطن مواطنين مواطنون رعايا",
        "court": "court محكمة المحكمة",
        "striker": "striker midfielder defender goalkeeper player مهاجم مدافع لاعب حارس",
    }.items()
    for w in words.split()
}
"""Words that hold a slot beside a name, as concepts of both languages."""

GIVEN_AR = _set(
    "محمد أحمد حسن حسين محمود مصطفى إبراهيم خالد عمر يوسف سامي كريم طارق جمال سعيد عادل وليد هشام ماجد ناصر فيصل "
    "سلمان فهد تركي بندر سعود عبدالله عبدالرحمن عبدالعزيز عبدالكريم عمار بشار حافظ صدام نوري حيدر قاسم فاطمة عائشة "
    "مريم سارة ليلى نادية سمير رامي زياد باسم غسان جبران نبيل فؤاد رفيق سعد أيمن أسامة إسماعيل يحيى موسى "
    "عيسى داود سليمان صلاح عماد حسام شريف جون ديفيد دافيد مايكل ميشال ميشيل جيمس روبرت وليام ويليام توماس جورج بول "
    "بيتر مارك أندرو ستيفن دانيال ماريا آنا جوزيف فرانسوا جان بيير لويس كارلوس خوسيه خوان لويس أنطونيو فلاديمير "
    "سيرغي أليكسي ميخائيل نيكولاي ألكسندر هنري تشارلز إدوارد ريتشارد سايمون كريس ستيف جاك فرانك مارتن باولو روبرتو "
    "أنجيلا هيلاري دونالد باراك بوريس تيريزا إيمانويل نيكولا بنيامين رجب بنجامين آدم آلان إريك كريستيان ليونيل"
)
"""Given names that are common enough to tell that a name goes on after them."""

CAPITAL_CONNECTORS = frozenset("of the de da do del della di du la le el al bin ibn van von der den ter y e".split())
