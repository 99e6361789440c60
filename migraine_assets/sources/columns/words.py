"""Words of diaries in the languages of Europe: yes and no, month names, null.

Not here: spellings of categories (`core.diary.aliases`), how cells are parsed (`sources.columns.cells`,
`sources.columns.dates`).
"""

import unicodedata


def folded(word: str) -> str:
    """Return `word` for comparison: case-folded, without accents and without surrounding points."""
    plain = unicodedata.normalize("NFKD", word.strip().strip(".").casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


# Cells that mean "not asked", in lower case. A recoding takes precedence.
NULLS: frozenset[str] = frozenset(
    {"", "na", "n/a", "#n/a", "null", "nan", ".", "?", "missing", "not asked", "unknown", "#null!", "\\n"}
)
# Cells that probably mean "not asked"; a note reports this reading.
DASHES: frozenset[str] = frozenset({"-", "--", "\u2013", "\u2014", "\u2212"})
# Cells that mean 0 or no in a count or a flag, and "not asked" elsewhere; a note reports this reading.
NOTHING: frozenset[str] = frozenset({"none", "nil", "nothing", "never"})

TRUE: frozenset[str] = frozenset(map(folded, (
    "yes", "y", "true", "t", "on", "checked", "ja", "j", "oui", "si", "sim", "sí", "tak", "ano", "igen", "kyllä",
    "evet", "да", "так", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "✓", "✔", "☑", "✅",
)))  # fmt: skip
FALSE: frozenset[str] = frozenset(map(folded, (
    "no", "n", "false", "f", "off", "unchecked", "nein", "nee", "non", "não", "nej", "nei", "nie", "ne", "nem", "ei",
    "hayır", "нет", "ні", "falsch", "faux", "falso", "✗", "✘", "☐", "❌", "×",
)))  # fmt: skip

# One entry for each month: names and abbreviations in English, German, French, Spanish, Italian, Portuguese, Dutch,
# Swedish, Danish, Norwegian, Finnish, Polish, Czech, Turkish and Russian.
_MONTHS = (
    "january jan januar janv janvier enero ene gennaio gen janeiro januari tammikuu tammikuuta stycznia styczen sty "
    "leden ledna ocak oca январь января янв janner",
    "february feb februar fevrier fev fevr febrero febbraio fevereiro februari helmikuu helmikuuta luty lutego lut "
    "unor unora subat sub февраль февраля фев feber",
    "march mar mars marz mrz marzo marco maart mrt marts maaliskuu maaliskuuta marzec marca brezen brezna mart март "
    "марта maerz",
    "april apr avril avr abril abr aprile huhtikuu huhtikuuta kwiecien kwietnia kwi duben dubna nisan nis апрель "
    "апреля апр",
    "may mai mayo maggio mag maio mei maj toukokuu toukokuuta maja kveten kvetna mayıs may май мая",
    "june jun juni juin junio giugno giu junho kesakuu kesakuuta czerwiec czerwca cze cerven cervna haziran haz июнь "
    "июня июн",
    "july jul juli juillet juil julio luglio lug julho heinakuu heinakuuta lipiec lipca lip cervenec cervence temmuz "
    "tem июль июля июл",
    "august aug aout aou agosto ago augustus augusti elokuu elokuuta sierpien sierpnia sie srpen srpna agustos agu "
    "август августа авг",
    "september sep sept septembre septiembre settembre set setembro syyskuu syyskuuta wrzesien wrzesnia wrz zari eylul "
    "eyl сентябрь сентября сен сент",
    "october oct oktober okt octobre octubre ottobre ott outubro out lokakuu lokakuuta pazdziernik pazdziernika paz "
    "rijen rijna ekim eki октябрь октября окт",
    "november nov novembre noviembre novembro marraskuu marraskuuta listopad listopada lis kasım kas ноябрь ноября ноя "
    "нояб",
    "december dec dezember dez decembre diciembre dic dicembre dezembro joulukuu joulukuuta grudzien grudnia gru "
    "prosinec prosince aralık ara декабрь декабря дек",
)
MONTHS: dict[str, int] = {
    folded(name): number for number, names in enumerate(_MONTHS, start=1) for name in names.split()
}
