"""The settings that caption rules know, and the words that put somebody there."""

from chalicelib.attributes.lexicon import words

# Said in the plural even of one: "in the woods".
PLURAL_PLACES = words("woods stairs steps rapids")
PLACES = PLURAL_PLACES | words(
    # ground and scenery
    "beach sand grass lawn field meadow hill hillside hilltop mountain mountainside mountaintop "
    "cliff cliffside rock boulder stone dirt mud dune desert forest woodland tree bush shrub leaf "
    "flower tulip wildflower dandelion plant foliage greenery brush weed hay garden yard backyard "
    "courtyard park playground hole ditch pit trench canyon valley ravine ridge peak summit bluff "
    "cave cavern crevasse glacier island jungle swamp marsh wilderness countryside pasture farm "
    "farmland paddock ranch cornfield orchard vineyard grassland savannah prairie plain clearing "
    "mound land gravel earth soil clay sandbox volcano crater stump foothill "
    # water
    "water ocean sea lake pond river stream creek brook pool puddle wave surf waterfall fountain "
    "bay lagoon harbor harbour marina canal waterway shore shoreline seashore seaside lakeside "
    "coast coastline riverbank riverside poolside waterfront oceanfront sandbar bank geyser reef "
    # weather cover
    "snow snowbank ice rain fog mist sky "
    # roads and floors
    "street road roadside roadway sidewalk path pathway trail walkway boardwalk footpath bridge "
    "overpass underpass highway freeway driveway alley alleyway lane crosswalk crossing "
    "intersection curb floor ground pavement concrete asphalt cement blacktop pier dock jetty "
    "deck lot track railroad railway runway staircase stairway stairwell step escalator "
    "cobblestone roundabout airfield tarmac junction "
    # sports grounds
    "court course racetrack raceway speedway rink stadium arena slope ramp halfpipe half-pipe "
    "skatepark racecourse ballpark waterpark outfield infield ring pitch gym gymnasium bleacher "
    "stand sideline dugout "
    # rooms, buildings and their parts
    "room parlor parlour den kitchen bathroom bedroom hallway hall corridor lobby office "
    "classroom auditorium studio gallery garage basement attic elevator aisle house home cabin "
    "cottage hut shed barn building skyscraper apartment store shop storefront restaurant cafe "
    "café diner bar pub club bakery cafeteria bookstore supermarket mall market marketplace "
    "library museum church cathedral temple mosque school college university campus hospital "
    "hotel motel station subway airport theater theatre cinema casino factory warehouse "
    "greenhouse prison bank castle palace fort fortress lighthouse tower windmill monument "
    "memorial statue sculpture tent igloo teepee gazebo pavilion canopy awning shelter stage "
    "platform podium porch patio balcony terrace veranda roof rooftop ledge wall fence gate door "
    "doorway window entrance archway arch tunnel column pillar booth stall kiosk cage pen "
    "enclosure playpen corral stable kennel doghouse playhouse treehouse zoo aquarium arcade "
    "salon plaza square fairground campsite campground resort cemetery graveyard dam pipe "
    "fireplace ruin "
    # towns
    "dancefloor city town village neighborhood neighbourhood downtown suburb "
)
# They give way to the setting that a word before them names: "pool area", "rock face".
GENERAL_PLACES = words(
    "area surface terrain landscape setting place spot location scene scenery environment region "
    "range face formation side edge structure corner top bottom center centre middle base end "
    "front site zone space expanse stretch patch strip"
)
# They give way to the setting that follows "of": "bank of a river".
PARTS = words("bank mound")
# "kicks up snow"
SUBSTANCES = words("snow dirt water sand mud grass leaf soil earth gravel hay")
MADE_OF: dict[str, str] = {
    "grassy": "grass",
    "snowy": "snow",
    "sandy": "sand",
    "rocky": "rock",
    "muddy": "mud",
    "icy": "ice",
    "wooded": "woods",
    "forested": "forest",
    "mountainous": "mountain",
    "hilly": "hill",
    "leafy": "leaf",
}
LOCATIVES = words(
    "in on at inside outside into onto over across through throughout along alongside around down "
    "up under underneath beneath below above near by beside besides behind against between among "
    "amongst amid amidst past atop within beyond upon opposite"
)
# "next to a wall", "close to the water"
NEARNESS = words("next close adjacent")
# After these the setting is what something moves into, or past.
INTO = words("into onto over across through")
# "covered in mud", "surrounded by trees": what it looks like, not where it is.
COVERED = words("covered surrounded filled lined made painted decorated splattered soaked drenched")
# What is looked at is not where one is.
AIMING = words("look stare gaze glance peer peek point aim watch view squint bark")
# Their object goes into the pond, not who throws it.
THROWING = words("throw toss kick hit put drop pour fling hurl lob dump place bat")
# Whose "by" names a neighbour, not a doer: "seated by a wall".
RESTING = words("seat sit stand park perch lie lay pose gather position place camp")
