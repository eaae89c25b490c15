"""What the songs of each root genre are about, and how their lines go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one root genre."""

    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    verbs: tuple[str, ...]


def _lexicon(nouns: str, adjectives: str, verbs: str) -> Lexicon:
    return Lexicon(tuple(nouns.split()), tuple(adjectives.split()), tuple(verbs.split()))


LEXICONS: Final[Mapping[str, Lexicon]] = MappingProxyType(
    {
        "rock": _lexicon(
            "highway amplifier basement guitar jacket city streetlight radio matches gasoline engine cigarette "
            "garage motel boots concrete static photograph alley avenue fever record summer window television "
            "bridge parade jukebox headlight neighbour",
            "restless broken electric reckless faded crooked loud young wasted burning lonely rusty careless "
            "nervous borrowed feral hollow sleepless",
            "drive burn run shout fall crash leave break scream wander stumble kick wake shake",
        ),
        "pop": _lexicon(
            "heart mirror party lipstick phone kiss diamond weekend summer dancer perfume heartbeat secret crush "
            "candy balcony polaroid message telephone satellite balloon swimming umbrella carousel fireworks "
            "heartache crown sunglasses glitter elevator",
            "sweet golden pretty crazy perfect sugar neon tender lucky dizzy careful bright innocent beautiful "
            "shy pink weightless electric",
            "dance kiss call love miss shine whisper hold text wait smile spin stay blush",
        ),
        "electronic": _lexicon(
            "signal circuit pulse machine laser voltage grid orbit frequency shadow neon warehouse sunrise vapour "
            "mirror cell glass tunnel horizon satellite wire static prism echo gravity spectrum vector cathode "
            "ocean antenna",
            "digital infinite liquid weightless synthetic hypnotic blue deep slow distant magnetic parallel "
            "silent solar submerged polar analogue mirrored",
            "move drift rise glow repeat dissolve pulse float breathe return fade turn orbit vibrate",
        ),
        "hip hop": _lexicon(
            "money block crown microphone corner hustle chain street city paper mirror pressure kingdom dollar "
            "engine struggle sneakers story window elevator brother mama hunger cypher lesson penthouse subway "
            "neighbourhood champion rooftop",
            "real hungry heavy golden cold solid loyal fearless hard wise bulletproof midnight humble savage "
            "restless sharp broke royal",
            "rise talk roll count grind stack speak climb flip earn build ride spit testify",
        ),
        "soul": _lexicon(
            "sugar honey rhythm baby promise river sunday prayer satin velvet midnight fire candle morning mercy "
            "groove kitchen lover shelter shoulder porch wine heartbeat letter moonlight teardrop preacher brass "
            "flame grace",
            "sweet tender slow smooth warm velvet faithful deep righteous easy golden true gentle patient burning "
            "silky lonesome holy",
            "love hold feel pray move need touch forgive sway believe beg testify linger surrender",
        ),
        "jazz": _lexicon(
            "saxophone taxi corner lamp waltz cellar sidewalk cafe bourbon smoke cat trumpet ballad avenue rain "
            "umbrella postcard uptown piano alley ferry stranger matinee tempo staircase lantern autumn hotel "
            "newsstand milkman",
            "blue mellow midnight smoky crooked cool late quiet uptown slow restless wry foggy tender brassy "
            "solemn minor sly",
            "stroll swing linger wander hum blow drift remember dream wait play turn sip croon",
        ),
        "folk": _lexicon(
            "river willow lantern harbour meadow orchard mountain winter sparrow kettle valley letter well "
            "hillside candle crow field sea shepherd daughter snow barley chimney stone feather ferryman creek "
            "garden bell hollow",
            "wild quiet old gentle weathered silver wooden humble pale drowsy northern winding faithful barefoot "
            "mossy bitter grey plain",
            "wander sing return gather follow sail remember row carry mend rest walk grow sow",
        ),
        "country": _lexicon(
            "truck whiskey creek county porch dust saddle tractor fence barn sundown boots freight church "
            "backroad mama prairie river tailgate thunder rodeo gravel wagon jukebox sawdust bottle levee mailbox "
            "hometown fiddle",
            "dusty lonesome barefoot honest stubborn southern plain muddy sunburnt proud restless wooden tired "
            "tough weathered homesick crooked thirsty",
            "drive ride drink leave pray settle haul holler wait raise mend ramble fish roam",
        ),
        "metal": _lexicon(
            "iron throne serpent ash crown wolf grave storm tower oath abyss raven hammer plague altar blood "
            "flame kingdom skull prophet winter tomb legion beast omen sword void ruin gallows titan",
            "black eternal fallen crimson ancient cursed burning iron merciless frozen hollow wicked forsaken "
            "endless scarred dread pallid unholy",
            "rise burn fall bleed conquer howl rage shatter summon crush reign descend march devour",
        ),
        "classical": _lexicon(
            "nocturne garden lake winter swan bell chapel morning elegy lullaby hour window snow dance procession "
            "mirror shore spring meadow letter rain promenade evening lantern cathedral sleep dawn twilight "
            "valley canon",
            "quiet white slow luminous first last solemn distant silver still pastoral autumnal pale unfinished "
            "gentle sacred low brief",
            "rest rise sleep return remember fall unfold listen breathe drift kneel fade",
        ),
        "latin": _lexicon(
            "luna corazon fuego playa noche cielo calle sol mar beso sombra barrio flor camino danza verano plaza "
            "viento palma guitarra arena balcon carnaval tambor sangre estrella ola rosa caracol espejo",
            "dulce triste libre salvaje caliente valiente suave azul breve grande fiel verde gris leve ardiente "
            "inmortal feliz invisible",
            "baila canta llora vuelve sueña mira espera camina brilla corre besa olvida quema vuela",
        ),
        "reggae": _lexicon(
            "island lion sunshine riddim river freedom yard drum mountain harvest brother nation sound bassline "
            "harbour mango thunder fire children shoreline prophet roots bamboo system market rain rocksteady "
            "trumpet gate story",
            "mighty sweet upright easy rising steady natural humble righteous sunny heavy free cool golden wise "
            "rough blessed gentle",
            "rise skank stand chant unite sway march praise roam roll rally sound wander shine",
        ),
    }
)
