"""Original prose in many languages, and English that does not look like prose: what telling languages is tested on."""

from __future__ import annotations

# A paragraph of each language by its ISO 639-1 code: the ferry that stays in harbour, and what people say of it.
PROSE = {
    "de": (
        "Die Fähre zwischen den beiden Inseln bleibt bis zum Frühjahr im Hafen, weil ein Ersatzteil fehlt. Der "
        "Bürgermeister sagte am Montag, man habe die Werft schon im August gewarnt. Viele Schüler müssen nun mit "
        "dem Bus um die Bucht fahren."
    ),
    "fr": (
        "Le bac qui relie les deux îles restera au port jusqu'au printemps, faute d'une pièce de rechange. Le "
        "maire a déclaré lundi que le chantier avait été prévenu dès le mois d'août. Les élèves devront faire le "
        "tour de la baie en autocar."
    ),
    "es": (
        "El transbordador que une las dos islas seguirá amarrado hasta la primavera porque falta una pieza. El "
        "alcalde dijo el lunes que el astillero ya estaba avisado desde agosto. Los alumnos tendrán que rodear la "
        "bahía en autobús cada mañana."
    ),
    "it": (
        "Il traghetto che collega le due isole resterà in porto fino alla primavera perché manca un pezzo di "
        "ricambio. Il sindaco ha detto lunedì che il cantiere era stato avvertito già in agosto. Gli studenti "
        "dovranno fare il giro della baia."
    ),
    "pt": (
        "A balsa que liga as duas ilhas ficará no porto até à primavera porque falta uma peça. O presidente da "
        "câmara disse na segunda-feira que o estaleiro já tinha sido avisado em agosto. Os alunos terão de dar a "
        "volta à baía de autocarro."
    ),
    "ca": (
        "El transbordador que uneix les dues illes es quedarà al port fins a la primavera perquè falta una peça. "
        "L'alcalde va dir dilluns que la drassana ja estava avisada des de l'agost. Els alumnes hauran de fer la "
        "volta a la badia amb autobús."
    ),
    "ro": (
        "Feribotul care leagă cele două insule va rămâne în port până la primăvară, fiindcă lipsește o piesă. "
        "Primarul a spus luni că șantierul fusese avertizat încă din august. Elevii vor trebui să ocolească golful "
        "cu autobuzul în fiecare dimineață."
    ),
    "nl": (
        "De veerboot tussen de twee eilanden blijft tot het voorjaar in de haven, omdat er een onderdeel "
        "ontbreekt. De burgemeester zei maandag dat de werf al in augustus was gewaarschuwd. Veel scholieren "
        "moeten nu met de bus om de baai heen rijden."
    ),
    "af": (
        "Die veerboot tussen die twee eilande bly tot die lente in die hawe omdat daar 'n onderdeel kort. Die "
        "burgemeester het Maandag gesê dat die werf al in Augustus gewaarsku is. Baie leerlinge moet nou met die "
        "bus om die baai ry."
    ),
    "sv": (
        "Färjan mellan de två öarna blir kvar i hamnen till våren eftersom en reservdel saknas. Borgmästaren sade "
        "på måndagen att varvet hade varnats redan i augusti. Många elever måste nu åka buss runt viken varje "
        "morgon."
    ),
    "da": (
        "Færgen mellem de to øer bliver i havnen til foråret, fordi der mangler en reservedel. Borgmesteren sagde "
        "mandag, at værftet blev advaret allerede i august. Mange elever må nu køre med bussen rundt om bugten "
        "hver morgen."
    ),
    "no": (
        "Fergen mellom de to øyene blir liggende i havnen til våren fordi det mangler en reservedel. Ordføreren sa "
        "mandag at verftet ble varslet allerede i august. Mange elever må nå ta bussen rundt bukten hver morgen."
    ),
    "fi": (
        "Saarten välinen lautta jää satamaan kevääseen asti, koska varaosa puuttuu. Pormestari sanoi maanantaina, "
        "että telakkaa oli varoitettu jo elokuussa. Monen oppilaan on nyt kierrettävä lahti linja-autolla joka "
        "aamu."
    ),
    "pl": (
        "Prom łączący obie wyspy pozostanie w porcie do wiosny, ponieważ brakuje części zamiennej. Burmistrz "
        "powiedział w poniedziałek, że stocznię ostrzegano już w sierpniu. Uczniowie muszą teraz objeżdżać zatokę "
        "autobusem."
    ),
    "cs": (
        "Trajekt mezi oběma ostrovy zůstane v přístavu až do jara, protože chybí náhradní díl. Starosta v pondělí "
        "řekl, že loděnice byla varována už v srpnu. Žáci teď musí každé ráno objíždět záliv autobusem."
    ),
    "hu": (
        "A két szigetet összekötő komp tavaszig a kikötőben marad, mert hiányzik egy alkatrész. A polgármester "
        "hétfőn azt mondta, hogy a hajógyárat már augusztusban figyelmeztették. A diákoknak most busszal kell "
        "megkerülniük az öblöt."
    ),
    "tr": (
        "İki adayı birbirine bağlayan feribot, bir yedek parça eksik olduğu için bahara kadar limanda kalacak. "
        "Belediye başkanı pazartesi günü tersanenin daha ağustosta uyarıldığını söyledi. Öğrenciler artık körfezi "
        "otobüsle dolaşmak zorunda."
    ),
    "id": (
        "Kapal penyeberangan antara kedua pulau itu akan tetap di pelabuhan sampai musim semi karena suku "
        "cadangnya tidak ada. Wali kota mengatakan pada hari Senin bahwa galangan sudah diperingatkan sejak "
        "Agustus. Banyak murid harus naik bus."
    ),
    "sw": (
        "Kivuko kinachounganisha visiwa hivyo viwili kitabaki bandarini hadi majira ya kuchipua kwa sababu kipuri "
        "kimoja hakipo. Meya alisema Jumatatu kwamba kiwanda kilionywa tangu Agosti. Wanafunzi wengi sasa "
        "wanalazimika kupanda basi."
    ),
    "vi": (
        "Chiếc phà nối hai hòn đảo sẽ nằm lại bến cho đến mùa xuân vì thiếu một phụ tùng. Thị trưởng nói hôm thứ "
        "Hai rằng xưởng đóng tàu đã được báo trước từ tháng Tám. Nhiều học sinh nay phải đi xe buýt vòng quanh "
        "vịnh."
    ),
    "ru": (
        "Паром между двумя островами останется в порту до весны, потому что не хватает одной детали. Мэр сказал в "
        "понедельник, что верфь предупредили ещё в августе. Школьникам теперь приходится объезжать залив на "
        "автобусе."
    ),
    "uk": (
        "Пором між двома островами залишиться в порту до весни, бо бракує однієї деталі. Мер сказав у понеділок, "
        "що верф попередили ще в серпні. Школярі тепер мусять щоранку об'їжджати затоку автобусом."
    ),
    "bg": (
        "Фериботът между двата острова ще остане на пристанището до пролетта, защото липсва една част. Кметът каза "
        "в понеделник, че корабостроителницата е била предупредена още през август. Учениците трябва да обикалят "
        "залива с автобус."
    ),
    "el": (
        "Το πορθμείο που ενώνει τα δύο νησιά θα μείνει στο λιμάνι ως την άνοιξη, επειδή λείπει ένα ανταλλακτικό. Ο "
        "δήμαρχος είπε τη Δευτέρα ότι το ναυπηγείο είχε προειδοποιηθεί από τον Αύγουστο. Οι μαθητές κάνουν τώρα "
        "τον γύρο του κόλπου."
    ),
    "ar": (
        "ستبقى العبّارة التي تربط الجزيرتين في الميناء حتى الربيع بسبب نقص قطعة غيار. وقال رئيس البلدية يوم "
        "الاثنين إن حوض السفن قد حُذّر منذ شهر أغسطس. وعلى التلاميذ الآن أن يدوروا حول الخليج بالحافلة كل صباح."
    ),
    "he": (
        "המעבורת שמחברת בין שני האיים תישאר בנמל עד האביב כי חסר חלק חילוף. ראש העיר אמר ביום שני שהמספנה הוזהרה "
        "כבר באוגוסט. תלמידים רבים נאלצים עכשיו להקיף את המפרץ באוטובוס בכל בוקר."
    ),
    "fa": (
        "کشتی‌ای که دو جزیره را به هم وصل می‌کند تا بهار در بندر می‌ماند، چون یک قطعهٔ یدکی کم است. شهردار روز "
        "دوشنبه گفت که به کارگاه کشتی‌سازی از ماه اوت هشدار داده بودند. دانش‌آموزان حالا باید با اتوبوس دور خلیج "
        "بروند."
    ),
    "hi": (
        "दोनों द्वीपों को जोड़ने वाली नौका वसंत तक बंदरगाह में ही रहेगी क्योंकि एक पुर्ज़ा नहीं मिल रहा है। महापौर "
        "ने सोमवार को कहा कि कारख़ाने को अगस्त में ही चेतावनी दी गई थी। अब बहुत से छात्रों को बस से खाड़ी का चक्कर "
        "लगाना पड़ता है।"
    ),
    "bn": (
        "দুই দ্বীপের মধ্যে চলা ফেরিটি বসন্ত পর্যন্ত বন্দরেই থাকবে, কারণ একটি যন্ত্রাংশ পাওয়া যাচ্ছে না। মেয়র "
        "সোমবার বলেন, আগস্টেই কারখানাকে সতর্ক করা হয়েছিল। অনেক ছাত্রকে এখন বাসে করে উপসাগর ঘুরে যেতে হয়।"
    ),
    "zh": (
        "连接两座岛屿的渡轮因为缺少一个零件，要停在港口直到春天。市长星期一说，船厂早在八月就已经得到警告。许多学生"
        "现在每天早上只能坐公共汽车绕过海湾上学。"
    ),
    "ja": (
        "二つの島を結ぶ渡し船は、部品が一つ足りないため、春まで港にとどまる。町長は月曜日、造船所には八月から知らせ"
        "てあったと述べた。多くの生徒は毎朝バスで湾を回って通わなければならない。"
    ),
    "ko": (
        "두 섬을 잇는 나룻배는 부품 하나가 없어서 봄까지 항구에 머물게 된다. 시장은 월요일에 조선소가 이미 팔월에 "
        "경고를 받았다고 말했다. 많은 학생들이 이제 아침마다 버스를 타고 만을 돌아가야 한다."
    ),
    "th": (
        "เรือข้ามฟากที่เชื่อมเกาะทั้งสองจะจอดอยู่ที่ท่าเรือจนถึงฤดูใบไม้ผลิเพราะขาดอะไหล่ชิ้นหนึ่ง นายกเทศมนตรีกล่า"
        "วเมื่อวันจันทร์ว่าอู่ต่อเรือได้รับคำเตือนตั้งแต่เดือนสิงหาคม นักเรียนจำนวนมากต้องนั่งรถโดยสารอ้อมอ่าวทุกเช"
        "้า"
    ),
}

# Headlines and standfirsts of a few words, as a segment of their own.
SHORT = {
    "de": "Fähre liegt bis zum Frühjahr still, Schüler müssen mit dem Bus fahren",
    "fr": "Le bac reste à quai et les élèves prennent l'autocar",
    "es": "El transbordador seguirá amarrado y los alumnos irán en autobús",
    "it": "Il traghetto resta in porto e gli studenti prendono l'autobus",
    "pt": "A balsa fica no porto e os alunos vão de autocarro",
    "nl": "Veerboot ligt stil tot het voorjaar, scholieren met de bus naar school",
    "sv": "Färjan ligger kvar i hamnen och eleverna får åka buss",
    "pl": "Prom stoi w porcie, a uczniowie jeżdżą do szkoły autobusem",
    "tr": "Feribot limanda kalıyor, öğrenciler okula otobüsle gidiyor",
    "id": "Kapal penyeberangan tetap di pelabuhan dan murid naik bus",
    "fi": "Lautta jää satamaan ja oppilaat kulkevat kouluun linja-autolla",
    "ru": "Паром стоит в порту, школьники ездят на автобусе",
    "uk": "Пором стоїть у порту, школярі їздять автобусом",
    "el": "Το πορθμείο μένει στο λιμάνι",
    "ar": "العبّارة تبقى في الميناء حتى الربيع",
    "he": "המעבורת נשארת בנמל עד האביב",
    "fa": "کشتی تا بهار در بندر می‌ماند",
    "hi": "नौका वसंत तक बंदरगाह में रहेगी",
    "zh": "渡轮停航至春天，学生改乘公共汽车",
    "ja": "渡し船、春まで欠航　生徒はバスで通学",
    "ko": "나룻배 봄까지 운항 중단, 학생들은 버스로 등교",
    "th": "เรือข้ามฟากหยุดเดินจนถึงฤดูใบไม้ผลิ",
}

# English that has few of the commonest words, or many foreign names.
ENGLISH = {
    "names": (
        "Present: Jean-Luc Moreau, Ana Sofía Villanueva, Giuseppe Bellandi, Katarzyna Wiśniewska, Olga Petrenko, "
        "Mehmet Yıldırım, Siobhán Ní Bhriain, Jürgen Köhler, Nguyễn Văn Thành, Zsófia Kovács."
    ),
    "council": (
        "Councillors Wisniewski, Fernandes, O'Shaughnessy, van der Merwe and Lindqvist voted against; Petrov, "
        "Dubois, Rossi, Nakamura and Haddad voted for."
    ),
    "recipe": (
        "Risotto alla zucca. 320 g carnaroli rice, 1 litre vegetable stock, 400 g pumpkin, 1 shallot, 60 g butter, "
        "80 g parmesan, dry white wine, saffron, sea salt, black pepper. Serves four. Preparation time: 35 minutes."
    ),
    "tapas": (
        "Menu: gazpacho, patatas bravas, boquerones, jamón ibérico, tortilla española, pimientos de padrón, "
        "churros con chocolate, crema catalana. Two courses 18 euros, three courses 24 euros, wine extra."
    ),
    "results": (
        "Real Valmor 2 Atlético Sanz 1. Olympique Brévent 0 Stade Carnac 0. Borussia Altmark 3 Hertha Lüne 2. "
        "Inter Montefalco 1 Sporting Vilar 4. Ajax Dorkwerd 2 Feyenhof 2."
    ),
    "table": (
        "Rank Country Gold Silver Bronze Total\n1 Norway 12 9 7 28\n2 Germany 9 8 10 27\n3 Austria 7 7 5 19\n4 "
        "Italy 4 6 8 18\n5 France 3 5 6 14"
    ),
    "markets": (
        "Nikkei 38,120 +0.4%. Hang Seng 19,880 -1.1%. DAX 18,240 +0.2%. FTSE 8,310 flat. Brent crude $81.20. Gold "
        "$2,410. EUR/USD 1.0830. 10-year Treasury 4.21%."
    ),
    "itinerary": (
        "Day 1 Lisboa – Évora. Day 2 Évora – Mérida – Cáceres. Day 3 Cáceres – Salamanca. Day 4 Salamanca – "
        "Valladolid – Burgos. Day 5 Burgos – San Sebastián. Breakfast included, dinner optional."
    ),
    "credits": (
        "Director: Paolo Ferrante. Cast: Léa Marchetti, Iñaki Olabarria, Tomasz Zieliński. Music: Ólafur "
        "Hrafnsson. Running time: 118 minutes. Italian, French, Basque, subtitles."
    ),
    "headline": "Erdogan, Zelenskyy, Macron meet Merz, Tusk, Meloni before Istanbul summit",
    "capitals": (
        "PUTIN, XI SIGN GAS PIPELINE DEAL; BRUSSELS WARNS KYIV OVER GRAIN EXPORTS, WARSAW PROTESTS, BUDAPEST "
        "BLOCKS SANCTIONS"
    ),
    "wire": (
        "KARSUND, Norway (MPA) — Ferry operator Skjærgård Linje AS reported third-quarter revenue 41.2 million "
        "kroner, up 6.3 percent; net profit 3.1 million kroner."
    ),
    "obituary": (
        "Born Kraków 1931, emigrated Haifa 1949, studied Leuven, taught Montréal, retired Aix-en-Provence. "
        "Survived by wife Mireille, sons Yitzhak, Benoît, daughter Agnieszka."
    ),
    "scores": (
        "Djurić beat Fontana 6-4 3-6 7-5; Okafor beat Svensson 6-1 6-2; Müller beat García López 7-6 6-7 6-4; "
        "Tanaka beat Dlamini 6-3 6-3; Horváth beat O'Keeffe 6-0 6-4."
    ),
    "quote": (
        "Asked whether she would stand again, the minister answered in her mother tongue: “Ich weiß es noch nicht, "
        "und ich will heute auch nicht darüber reden.” Then she laughed and left by the side door of the town hall."
    ),
}
