"""The word lists behind the analyzer ``en-2``: English stop words, and nouns that the stemmer must not cut.

They are tables, kept apart from the code that uses them. Any change here changes the terms, so it needs a new
analyzer version: label files that keep counts instead of text would no longer agree with the model.
"""

from __future__ import annotations

__all__ = ["IRREGULAR_PLURALS", "STOP_WORDS", "UNCHANGED"]

# Function words, and the verbs and titles of every news piece. Contractions ("don't", "they've") go by rule.
STOP_WORDS = frozenset(
    """
    a an the this that these those such same other another each every either neither both all any some none no
    nor not only
    i me my we us our you your he him his himself she her herself
    it its itself they them their theirs themselves one ones who whom whose which what
    someone somebody something anyone anybody anything everyone everybody everything nobody nothing
    am is are was were be been being do does did done doing have has had having can could may might must shall
    should will would
    cannot let
    and or but if because while although though unless until till whether as than so yet then thus therefore
    however
    meanwhile otherwise instead besides else
    about above across after against along amid among around at before behind below beside between
    beyond by despite down during except for from in inside into like near of off on onto out outside over
    past per since through
    throughout to toward towards under up upon via versus vs with within without
    here there where when why how again once twice ever never always often sometimes usually already still
    just even also too very
    quite rather almost nearly perhaps maybe really especially particularly later earlier ago now
    soon away back forward together apart
    much many more most few fewer less least little lot lots several enough own
    say says said saying told tell tells telling according added adding asked went go goes going gone get gets
    got getting
    come comes came coming make makes made making take takes took taken taking give gives gave given giving
    put puts see sees saw seen seem seems seemed know known knew want wants wanted
    mr mrs ms dr sir pm etc eg ie
    two three four five six seven eight nine ten
    """.split()
)

# Singulars that end in -s, names mostly: without this list "Hamas" would be counted with the city of Hama.
UNCHANGED = frozenset(
    """
    aids alas alias arkansas arms athens atlas bias brussels canvas caracas charles christmas customs dallas
    davies diabetes
    douglas evans gates hamas homs honduras hughes james jones kansas las laos lens lucas maldives mars
    measles
    moses naples netherlands news nicholas nicolas olympics paralympics rabies
    reeves reuters rogers series species texas thames thomas vegas wales williams
    """.split()
)

IRREGULAR_PLURALS = {
    "analyses": "analysis",
    "calories": "calorie",
    "children": "child",
    "cookies": "cookie",
    "crises": "crisis",
    "knives": "knife",
    "leaves": "leaf",
    "lives": "life",
    "men": "man",
    "movies": "movie",
    "rookies": "rookie",
    "selfies": "selfie",
    "shelves": "shelf",
    "smoothies": "smoothie",
    "thieves": "thief",
    "wives": "wife",
    "wolves": "wolf",
    "women": "woman",
    "zombies": "zombie",
}
