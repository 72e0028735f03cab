"""Which subjects and places are a kind of which: "person" finds boys, "water" finds lakes.

Two or three levels, of the words captions of photographs use; every word stands under its
narrowest kind. A kind finds itself and everything below it, never what is above.
"""

from collections.abc import Mapping
from functools import cache

_BELOW: dict[str, str] = {
    "person": "man woman child adult human someone everyone worker player rider athlete performer "
    "crowd family couple audience team people teenager teen spectator onlooker bystander "
    "passenger pedestrian driver tourist shopper friend stranger patient student teacher "
    "customer vendor artist hiker climber camper soldier individual owner officer guard cook "
    "chef doctor nurse fan parent sibling senior youth resident villager farmer hunter "
    "fisher photographer member band group gang class tribe trainer coach referee umpire "
    "lifeguard firefighter paramedic traveller traveler visitor clown santa "
    "demonstrator protester protestor marcher participant contestant native folk",
    "man": "guy gentleman boy father dad grandfather husband groom bridegroom fisherman "
    "fireman policeman cowboy businessman serviceman sportsman male son brother uncle king "
    "priest monk dude fellow waiter workman salesman sailor bachelor mailman",
    "woman": "lady girl mother mom mum grandmother wife bride bridesmaid businesswoman female "
    "daughter sister aunt queen princess nun cheerleader waitress actress ballerina cowgirl",
    "child": "boy girl baby kid toddler infant youngster schoolboy schoolgirl schoolchild "
    "newborn tot",
    "worker": "builder plumber painter carpenter electrician welder cleaner janitor repairman "
    "employee",
    "athlete": "player runner jogger swimmer surfer skier snowboarder skateboarder skater "
    "gymnast wrestler boxer cyclist bicyclist diver racer rower sprinter hurdler sledder "
    "climber windsurfer kayaker rafter wakeboarder rollerblader bodyboarder acrobat teammate "
    "paraglider parasailer skydiver canoeist golfer",
    "player": "goalie goalkeeper pitcher batter catcher quarterback cricketer footballer "
    "golfer opponent receiver",
    "rider": "biker motorcyclist cyclist bicyclist jockey horseman equestrian motorbiker",
    "performer": "dancer musician singer guitarist drummer actor juggler magician violinist "
    "acrobat entertainer model mime artist",
    "animal": "dog cat horse bird cow sheep goat pig elephant bear zebra giraffe monkey fish "
    "deer rabbit lion tiger camel donkey bull ox mule llama duck goose chicken fox wolf "
    "squirrel mouse rat hamster kangaroo dolphin whale shark seal turtle frog snake lizard "
    "insect creature pet bunny lamb calf leopard cheetah panda raccoon otter crab dinosaur "
    "ape gorilla chimpanzee buffalo bison moose elk pony reptile spider",
    "dog": "puppy retriever greyhound poodle terrier shepherd labrador lab hound bulldog collie "
    "spaniel dachshund husky pug dalmatian beagle chihuahua pup mutt rottweiler "
    "doberman setter mastiff corgi sheepdog pitbull doggy schnauzer canine whippet "
    "pomeranian malamute weimaraner",
    "cat": "kitten kitty feline",
    "horse": "pony foal stallion mare colt bronco",
    "bird": "duck goose swan pigeon seagull gull eagle hawk parrot owl penguin chicken rooster "
    "hen crow sparrow flamingo pelican heron ostrich turkey peacock falcon duckling dove crane",
    "insect": "bee butterfly fly ant dragonfly beetle moth ladybug",
    "vehicle": "car truck bus bicycle motorcycle train boat airplane van tractor scooter jeep "
    "taxi cab ambulance helicopter cart wagon tricycle sled atv tram trolley suv sedan "
    "motorbike bike carriage limousine racecar buggy",
    "boat": "canoe kayak raft sailboat ship ferry yacht rowboat speedboat gondola motorboat",
    "bicycle": "bike tricycle unicycle bmx",
    "motorcycle": "motorbike dirtbike moped",
    "bike": "bicycle",
    "airplane": "plane jet aircraft aeroplane",
}
_PLACES_BELOW: dict[str, str] = {
    "water": "ocean sea lake pond river stream creek brook pool puddle wave surf waterfall "
    "fountain rapids bay lagoon harbor harbour canal waterway",
    "ocean": "sea surf wave",
    "sea": "ocean surf wave",
    "beach": "shore shoreline seashore seaside coast coastline",
    "woods": "forest woodland jungle",
    "forest": "woods woodland jungle",
    "mountain": "mountainside mountaintop peak summit",
    "hill": "hillside hilltop",
    "rock": "boulder",
    "field": "meadow pasture cornfield farmland",
    "grass": "lawn",
    "snow": "snowbank",
    "yard": "backyard courtyard",
    "street": "road alley lane",
    "road": "street highway freeway driveway roadway",
    "path": "trail pathway walkway footpath sidewalk boardwalk",
    "stairs": "steps step staircase stairway stairwell",
    "steps": "stairs step staircase stairway stairwell",
    "room": "kitchen bathroom bedroom classroom office lobby",
    "building": "house store shop restaurant church museum school hospital hotel library cabin "
    "barn apartment skyscraper storefront warehouse temple cathedral",
    "house": "home cabin cottage",
    "store": "shop storefront supermarket bookstore market mall",
    "shop": "store storefront bakery bookstore",
    "restaurant": "cafe café diner bar pub cafeteria",
    "city": "town downtown",
    "town": "city village downtown",
    "track": "racetrack raceway",
    "stadium": "arena",
}


@cache
def kin(subject: str) -> frozenset[str]:
    """Return the subject and everything that is a kind of it.

    Parameters
    ----------
    subject
        A singular noun; one the hierarchy does not know has itself as its only kin.
    """
    return _closure(subject, _BELOW)


@cache
def place_kin(place: str) -> frozenset[str]:
    """Return the place and everything that is a kind of it or another word for it."""
    return _closure(place, _PLACES_BELOW)


def _closure(first: str, below: Mapping[str, str]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [first]
    while waiting:
        word = waiting.pop()
        if word not in found:
            found.add(word)
            waiting.extend(below.get(word, "").split())
    return frozenset(found)


LIVING: frozenset[str] = kin("person") | kin("animal")
PEOPLE: frozenset[str] = kin("person")
