"""One Arabic article, in its own words, for all formats."""

TITLE = "افتتاح ثلاثة مستشفيات في صنعاء"
PARAGRAPHS = [
    "أعلنت وزارة الصحة يوم الأحد 12 مارس 2023 افتتاح 3 مستشفيات جديدة في العاصمة، بعد عامين من العمل المتواصل فيها.",
    "وقال الوزير (أحمد ناجي) إن منظمة UNESCO تدعم المشروع بنسبة 45.5%، حسب البيان الذي نشر على موقع الوزارة أمس الأول.",
    "وتضم المستشفيات 1,250 سريرا ومركزا لغسيل الكلى يعمل بنظام Windows 11، ومن المقرر أن تستقبل المرضى خلال أسابيع.",
    "ورحب السكان بالقرار، إذ كانوا يقطعون مسافات طويلة للوصول إلى أقرب مستشفى في المدينة المجاورة لهم.",
]
TEXT = "\n\n".join(PARAGRAPHS)
ALSO = "أسعار الدواء ترتفع في البلاد"
HTML = f"""<!doctype html><html lang="ar"><head><meta charset="utf-8"><title>{TITLE} - قناة الخبر</title>
<meta property="og:title" content="{TITLE}"><meta name="author" content="سالم الحداد">
<meta property="article:published_time" content="2023-03-12T10:00:00Z"><script>var a = "نص";</script></head>
<body><header><nav><ul><li><a href="/">الرئيسية</a></li><li><a href="/s">رياضة</a></li></ul></nav></header>
<div id="cookie-banner">نستخدم ملفات تعريف الارتباط لتحسين تجربتك. <button>قبول الكل</button></div>
<main><article><h1>{TITLE}</h1><p class="byline">بقلم سالم الحداد</p><p>نشر في 12 مارس 2023</p>
<p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>
<p>اقرأ أيضا: <a href="/x">{ALSO}</a></p>
<p>{PARAGRAPHS[2]}</p>
<h3>مواضيع ذات صلة</h3><ul><li><a href="/1">ارتفاع أسعار القمح</a></li><li><a href="/2">الأمطار تعود</a></li></ul>
<p>{PARAGRAPHS[3]}</p>
</article></main><footer>جميع الحقوق محفوظة 2023</footer></body></html>"""
