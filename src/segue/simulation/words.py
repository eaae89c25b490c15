"""Words of which the demo world makes names: of artists, of albums and titles, of listeners and their playlists."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES: Final = _words(
    "Ada Adrian Agnes Aiko Alba Alma Amara Amir Anders Anika Anton Arlo Astrid Aurelio Ayla Basil Beatriz Bela "
    "Benno Birgit Bruno Calla Camila Casper Celeste Chidi Clara Conrad Cora Dario Delphine Desmond Dina Edda "
    "Eero Elias Elif Elio Elsa Emeka Enzo Esme Ezra Farah Fatima Felix Fiona Flora Franka Freya Gaia Gideon "
    "Giulia Greta Gus Hana Hanna Hassan Hedda Henrik Hiro Ida Ilse Imani Ines Ingrid Iris Isak Ivo Jada Jasper "
    "Joana Johan Jonas Josefine Juno Kai Kaja Kamala Karim Keiko Kenji Kira Lars Leila Lena Leon Lionel Livia "
    "Lorenzo Lotte Luca Lucia Ludo Mabel Magnus Maia Malik Manuel Mara Marek Margot Marlene Mateo Matilda Mei "
    "Milan Milo Mina Mira Moritz Nadia Nils Nina Noor Nora Odette Olga Oscar Otis Otto Paloma Paul Pavel Petra "
    "Pia Priya Quentin Rafael Raj Rasmus Reza Ricarda Rio Rosa Ruben Ruth Sabine Salma Samir Saskia Selma "
    "Silas Simone Sofia Soren Stella Sven Tamar Tariq Tessa Theo Tilda Tobias Uma Ursula Valentin Vera Viktor "
    "Viola Wanda Wim Yara Yusuf Yuki Zadie Zahra Zeno Zoe"
)

SURNAMES: Final = _words(
    "Abernell Adeyari Aldermoor Amberly Andrassy Ashgrove Atterby Bancroft Barrowell Bellamere Bergvall "
    "Birchwood Blackmoor Bontempi Brackley Brightwater Calloway Carmody Castellan Cavanor Chidozie Clearwell "
    "Coldbrook Corbeau Crannock Cresswell Dalgaard Darrowby Delacroft Delmarsh Denholm Doverton Drummore "
    "Dunmarrow Eastlake Edevane Ellingsen Elmhurst Eriksholm Fairlight Falkenrath Farrowmere Fenwick Ferreiro "
    "Fontaney Foxhall Galloway Garrick Glenross Goldsworth Granlund Greywater Gullane Hallowell Harcastle "
    "Harrowgate Hartwell Haversham Hazelwood Hollander Holloway Hornbeam Ibarrola Iverness Jansky Kallinen "
    "Karlsby Kasprova Kestrel Kingsolver Kirkwall Kowalenko Lachance Lanternier Larkspur Lindqvale Lockhart "
    "Loveday Lundgard Maddox Malverne Marchetti Marlowe Merriweather Middlemist Montclair Moonan Morrowind "
    "Mulgrave Nakadori Navarez Netherby Nightingale Norcross Oakhurst Okonjara Oldcastle Orlando Ostergren "
    "Pellegrine Pemberley Penrose Petrakis Pinkerton Quillfeather Radcliffe Ravenscar Redfern Rennick "
    "Rochemont Rosewood Rossini-Vale Rutherby Sabatini Salvatore Sandoval Santerre Seaborne Sefton Selkirk "
    "Severin Shackleby Silverlake Skarsund Solheim Starling Stonebridge Summerfield Svensdal Tallis Tamsworth "
    "Tanakawa Thackeray Thornbury Tillerman Tolliver Trevanion Underhill Valdarno Vandermeer Vasquero Verlaine "
    "Villanova Wainscott Walderby Warwick Westerly Whitlock Wildgoose Winterbourne Wolfenden Yarrow Yarborough "
    "Zaragoza Zielonka"
)

ADJECTIVES: Final = _words(
    "Amber Ancient Anxious Bitter Blue Borrowed Brave Bright Broken Burning Careless Clever Cold Copper "
    "Crooked Crystal Curious Dancing Dark Distant Dizzy Drifting Early Eastern Electric Empty Endless Faded "
    "Faithful Falling Famous Feral Fickle Floating Foreign Forgotten Fragile Gentle Ghostly Gilded Glass "
    "Golden Grand Green Grey Half Happy Haunted Heavy Hidden Hollow Holy Humble Hungry Idle Impossible Indigo "
    "Invisible Iron Ivory Jagged Jealous Kind Lazy Little Lonely Long Lost Loud Lucky Lunar Marble Merry "
    "Midnight Misty Modern Modest Narrow Nervous New Noble Northern Odd Old Orange Orphan Pale Paper Patient "
    "Perfect Phantom Plastic Polite Proud Quiet Radiant Reckless Red Restless Royal Rusty Sacred Sad Salty "
    "Scarlet Second Secret Seven Shallow Shy Silent Silver Simple Sleeping Slow Small Soft Solar Solemn "
    "Southern Spare Splendid Starless Steady Stolen Strange Sudden Sunday Sweet Tall Tender Thirsty Timid Tiny "
    "Twisted Unlikely Velvet Violet Wandering Warm Western White Wicked Wild Winter Wooden Yellow Young"
)

NOUNS: Final = _words(
    "Accident Airport Alphabet Anchor Animal Answer Antenna Apartment Apology April Arcade Archive Arrow "
    "Astronaut Atlas Attic Autumn Avenue Balcony Ballroom Bandit Banner Bicycle Bird Blanket Border Bouquet "
    "Boulevard Bridge Butterfly Button Cabin Calendar Camera Canary Candle Canyon Capital Caravan Cardinal "
    "Carousel Castle Cathedral Ceiling Chamber Chandelier Chapter Cinema Circus Cloud Coast Colony Comet "
    "Compass Corridor Cousin Crane Crossing Curtain Customs Daughter December Desert Diary Dinner Distance "
    "Doorway Dragon Dream Eclipse Elephant Ember Embassy Empire Engine Envelope Evening Factory Feather Ferry "
    "Festival Field Flood Flower Forest Fortune Fountain Fox Frontier Galaxy Garden Ghost Giant Glacier Glove "
    "Gravity Guest Hallway Harbor Heart Heron Highway Holiday Horizon Hospital Hotel Hour House Hurricane "
    "Inventor Island Jacket Journal Judge July Jungle Junction Kettle Key Kite Ladder Lake Lantern Letter "
    "Library Light Lighthouse Lion Machine Magnet Mailman Map Market Marble Meadow Melody Memory Meridian "
    "Message Meteor Mirror Mission Monday Moon Motel Mountain Museum Needle Neighbor Newspaper Night Notebook "
    "November Number Oar Ocean October Office Opera Orchard Orchid Ornament Palace Parade Passenger Pavilion "
    "Peacock Pelican Penny Photograph Piano Picture Pilgrim Pilot Planet Pocket Postcard Promise Puzzle "
    "Question Rain Raven Receipt Rehearsal Reservoir Reunion Ribbon Rival River Rocket Roof Room Rumor Runaway "
    "Sailor Salt Satellite Scarecrow School Season Shadow Shelter Ship Signal Sister Skyline Sleeper Smoke "
    "Snow Song Spider Staircase Station Statue Stone Storm Story Stranger Street Summer Sunday Swimmer Table "
    "Teacher Telescope Temple Theater Thief Thunder Tiger Timber Tower Traffic Train Treasure Tunnel Umbrella "
    "Uncle Valley Vessel Village Violin Visitor Voyage Wagon Waitress Wallpaper Waterfall Wave Weather Wedding "
    "Whale Willow Window Witness Wolf Wonder Yard Year Zebra"
)

PLURALS: Final = _words(
    "Anchors Architects Arrows Astronauts Bandits Bells Birds Bridges Brothers Butterflies Candles Cardinals "
    "Caravans Cartographers Clouds Comets Cousins Crows Dancers Daughters Diplomats Dreamers Drifters Embers "
    "Engineers Explorers Fables Feathers Fireflies Foxes Ghosts Giants Gardeners Gamblers Herons Hearts Horses "
    "Hours Hunters Inventors Islands Kites Ladders Lanterns Letters Librarians Lights Lions Locksmiths "
    "Machines Magpies Mapmakers Mirrors Moons Mountains Navigators Neighbors Nightingales Nomads Numbers Oars "
    "Orchids Outsiders Owls Parades Passengers Pelicans Pilots Pilgrims Planets Poets Postcards Pretenders "
    "Promises Ramblers Ravens Riders Rivers Robots Roses Rumors Sailors Satellites Scholars Secrets Shadows "
    "Ships Signals Sisters Sleepers Sparrows Spiders Stars Storms Strangers Swimmers Telescopes Thieves Tides "
    "Tigers Travelers Trees Umbrellas Vagabonds Visitors Walkers Waves Weathermen Whales Windows Winters "
    "Wolves Words Years"
)

PLACES: Final = _words(
    "Almira Ardenne Ashbourne Bellacourt Belmarsh Brindale Calverton Cape-Merrow Carradale Castleton Cordelia "
    "Dellmont Dunmore Eastmarch Elmira Everdale Fairhaven Fallbrook Galway-Street Glenhaven Greyport Halden "
    "Harborview Highmoor Holmstead Kingsferry Lakemont Langdale Larkhill Maplewood Marisol Marrakand Merrydown "
    "Montazul Montrose Newhaven Northgate Novella Oakridge Orinda Palisade Port-Amber Portwell Ravenna-Road "
    "Redwater Rosedale Saltmarsh San-Lucero Seabright Silverton Southport Stillwater Sundale Tamarind "
    "Thornfield Torrevieja-Bay Valencia-Park Verona-Hill Waterford Westbrook Whitehaven Willowdale Windermere "
    "Yellowpine"
)

ENSEMBLES: Final = _words(
    "Orchestra Quartet Trio Ensemble Collective Society Brothers Sisters Project Club Band Union Choir Parade "
    "Department Experience"
)

FORMS: Final = _words(
    "Nocturne Prelude Étude Sonata Waltz Intermezzo Elegy Fugue Impromptu Rhapsody Serenade Berceuse Romance Fantasia"
)

KEYS: Final = (
    "C major", "G major", "D major", "A major", "E major", "F major", "B-flat major", "E-flat major", "A-flat major",
    "D-flat major", "A minor", "E minor", "B minor", "F-sharp minor", "C-sharp minor", "D minor", "G minor", "C minor",
    "F minor", "B-flat minor",
)  # fmt: skip

SYLLABLES: Final = _words(
    "ka lo mi ve ra no su ti ar el on da li or mu se vi zo ny ca pel tor van mar sol ri ju be ha lun fo ne xa ki"
)

TIMES: Final = (
    "Midnight", "Sunday Morning", "Four in the Morning", "Late August", "November", "the Last Day of June",
    "New Year's Eve", "Half Past Nine", "Tuesday", "the Small Hours", "Early Spring", "a Friday Night", "Dusk",
    "Noon", "Daybreak", "the Off Season", "High Tide", "the First Snow", "Indian Summer", "the End of the Week",
)  # fmt: skip

PHRASES: Final = (
    "Leave the Light On", "Never Coming Down", "What You Said", "All the Way Home", "Before You Go",
    "Hold the Line Open", "Nobody Knows the Number", "One More for the Road Back", "Say It Like You Mean It",
    "Stay Where You Are", "The Long Way Round", "This Is Not a Rehearsal", "Too Late to Call", "Under Your Weather",
    "We Used to Be Neighbours", "When the Money Runs Out", "Wish You Well", "You Again", "Don't Look Down Yet",
    "If You Hear This", "Meet Me Halfway There", "Nothing but Time", "Only When It Rains", "Out of Sight",
    "Running on Empty Hours", "Same Old Mistakes Again", "Sleep It Off", "Tell Me Tomorrow",
    "Things We Left Unsaid", "Two Steps Back", "Wake Me When It's Over", "Walk Me Home", "Where Did You Go",
    "Won't Be Long", "You Were Right", "Almost There", "Back to the Start", "Better Luck Next Year",
    "Come Back Around", "Everything Must Go Somewhere", "Give It a Name", "Good for Nothing Much", "Half of It",
    "I Could Have Stayed", "In Another Life", "It Was Always You", "Just Like That", "Last One Out",
    "Let It Be Known", "Made of Weather", "Not My Day", "On My Own Terms", "Over and Out", "Slow It Down",
    "Some Other Time", "The Way It Goes", "There and Back", "Turn Around Slowly", "What If It Rains",
    "Without a Map",
)  # fmt: skip

COUNTRIES: Final = (
    "US",
    "GB",
    "DE",
    "FR",
    "BR",
    "JP",
    "NL",
    "SE",
    "PL",
    "ES",
    "IT",
    "MX",
    "CA",
    "AU",
    "IN",
    "NG",
    "TR",
    "AR",
)
COUNTRY_SHARES: Final = (20, 11, 9, 7, 8, 5, 4, 4, 5, 5, 5, 4, 4, 3, 3, 2, 2, 2)

# Playlists by what holds them together; {x} stands for the genre, the artist, the decade.
GENRE_PLAYLISTS: Final = (
    "{x} essentials", "{x} mix", "new to {x}", "all the {x}", "{x} on repeat", "{X}", "{x} for beginners",
    "deep {x} cuts", "{x} forever",
)  # fmt: skip
ARTIST_PLAYLISTS: Final = ("best of {x}", "{x} and friends", "{x}", "if you like {x}", "{x} deep cuts")
DECADE_PLAYLISTS: Final = ("{x}s", "the {x}s", "{x}s favourites", "best of the {x}s", "{x}s forever")
MOOD_PLAYLISTS: Final = {
    "chill": ("chill", "slow evening", "rainy day", "wind down", "sunday morning coffee", "Chill Vibes", "reading"),
    "energy": ("workout", "running", "GYM", "leg day", "wake up!", "cleaning the flat", "power hour"),
    "party": ("party", "friday night", "dance dance dance", "pre-drinks", "kitchen disco", "summer bbq"),
    "sad": ("sad songs", "crying in the shower", "heartbreak", "3am", "in my feelings", "blue"),
    "happy": ("good mood", "sunshine", "happy", "feel good", "singing in the car", "spring!"),
    "acoustic": ("acoustic", "campfire", "unplugged", "quiet ones", "just a guitar"),
    "focus": ("focus", "study", "no words", "deep work", "coding", "background"),
}  # fmt: skip
PERSONAL_PLAYLISTS: Final = (
    "my favourites", "summer 2024", "winter 2024", "on repeat", "road trip", "all time", "liked", "random",
    "songs i can't skip", "discoveries", "commute", "with friends", "mixtape", "to listen later", "shower",
)  # fmt: skip
