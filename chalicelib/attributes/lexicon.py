"""The words the caption rules know, by their part in a sentence, and which is a kind of which."""


def words(text: str) -> frozenset[str]:
    """Return the words of a list."""
    return frozenset(text.split())


COLOURS: dict[str, str] = {
    word: basic
    for basic, names in {
        "black": "black ebony charcoal",
        "white": "white whitish ivory cream cream-colored off-white",
        "grey": "grey gray greyish grayish silver ash",
        "red": "red reddish scarlet crimson maroon burgundy ruby cherry",
        "orange": "orange peach apricot",
        "yellow": "yellow yellowish gold golden lemon mustard",
        "green": "green greenish olive lime emerald khaki mint",
        "blue": "blue bluish navy turquoise teal aqua cyan azure indigo",
        "purple": "purple purplish violet lavender lilac mauve magenta",
        "pink": "pink pinkish rose fuchsia salmon",
        "brown": "brown brownish tan beige chestnut bronze copper chocolate hazel auburn",
    }.items()
    for word in names.split()
}
BASIC_COLOURS: tuple[str, ...] = tuple(dict.fromkeys(COLOURS.values()))
# These name a thing as often as a colour: a colour only where a noun follows.
HALF_COLOURS = words(
    "rose gold silver cream orange cherry chocolate salmon violet lemon lime olive peach ash "
    "mint copper bronze ruby mustard charcoal"
)
COLOUR_ADVERBS = words("light dark bright pale deep navy royal hot neon bright-colored")
COLOUR_SUFFIXES = ("-colored", "-coloured", "-haired", "-striped", "-clad", "ish")

ADJECTIVES = words(
    "big small little large tiny huge giant young old elderly tall short long high low wide narrow "
    "thin thick fat heavy skinny slim lean colorful colourful multicolored bright dark light pale "
    "shiny fluffy furry shaggy hairy curly spotted striped patterned wooden metal plastic stone "
    "sandy snowy grassy rocky muddy dusty dirty clean wet dry icy frozen cold hot warm empty full "
    "busy quiet happy sad angry excited scared tired playful cute pretty beautiful handsome ugly "
    "lovely funny silly strange odd fancy plain new modern ancient broken bare naked topless "
    "shirtless barefoot blond blonde brunette bald bearded asian african american european indian "
    "chinese japanese oriental hispanic caucasian male female human middle-aged older younger "
    "smaller larger bigger taller shorter pregnant different similar various several same single "
    "double whole open closed deep shallow steep flat round square rough smooth soft hard sharp "
    "fast slow calm choppy clear cloudy sunny rainy foggy murky green-eyed teenage teenaged adult "
    "medium medium-sized large-breed great good bad nice fresh dead live wild tame rural urban "
    "public private outdoor indoor inflatable makeshift nearby distant formal casual traditional "
    "native local professional amateur lone lonely solo first second third last next upside "
    "close amazing interesting exciting matching opposing missing strong "
    "muscular athletic scruffy fuzzy chubby petite mean determined tattooed hooded leafy "
    "overweight toothless camouflage denim leather plaid floral checkered checked tropical "
)

DETERMINERS = words(
    "a an the this that these those his her its their my your our some any each every another "
    "both all several many few one two three four five six seven eight nine ten eleven twelve "
    "twenty dozen other no various numerous most either neither lone single what"
)
PLURAL_DETERMINERS = words(
    "two three four five six seven eight nine ten eleven twelve twenty several many few some "
    "both all these those various numerous"
)
PREPOSITIONS = words(
    "in on at of with without by for from into onto over under through across along around "
    "behind beside besides near between among against towards toward up down off out past "
    "above below beneath underneath inside outside after before during atop amid amidst "
    "alongside aboard about via beyond within upon to than like opposite amongst except"
)
WORN_PREPOSITIONS = words("in with")
ADVERBS = words(
    "together outside outdoors indoors inside away back forward forwards backwards upside "
    "very just also too not never nearby ahead there here quickly slowly happily still only "
    "almost apart aside home midair mid-air alone downhill uphill upwards downwards underwater "
    "sideways overhead ashore airborne onstage off-road up down out off around along over "
    "ready asleep left high then so now again barefoot as even well fast past by through"
)
CONJUNCTIONS = words("and or & but nor")
CLAUSE_STARTS = words("while as when whilst where because until since if though although for")
RELATIVES = words("who that which whose whom")
PRONOUNS = words(
    "he she it they him them himself herself itself themselves something "
    "everything anything nothing i you we us me it's there"
)
DOING_PRONOUNS = words("he she it they i you we")
NEGATIONS = words("not never n't without no")
BE = words("is are was were be been being am 's 're isn't aren't")
HAVE = words("has have had having")
AUXILIARIES = words(
    "does do did doing done can could will would may might must should "
    "doesn't don't can't get gets getting"
)

GARMENTS = words(
    "shirt t-shirt tshirt tee jacket coat hat cap helmet dress pants trousers jeans shorts "
    "skirt sweater sweatshirt hoodie hood vest suit uniform jersey outfit costume clothes "
    "clothing swimsuit bikini wetsuit trunks bathing-suit scarf glove glasses sunglasses "
    "goggles shoe boot sneaker sandal sock tie bandana bandanna headband belt robe gown "
    "overalls blouse top tank-top apron mask collar harness leash muzzle backpack bag purse "
    "gear attire garb stripe pajamas pyjamas leotard snowsuit jumpsuit jumper parka "
    "raincoat windbreaker tuxedo kimono sari turban veil wig cape cloak mitten beanie hairnet "
    "headscarf headphone earring necklace lei bracelet flipper stocking legging tights "
    "underwear bra dungarees poncho shawl tunic kilt toga tutu cowboy-hat diaper speedo "
    "camouflage denim leather fleece fur coverall tracksuit cardigan hardhat sash ribbon bow "
    "headdress sundress flip-flop bead chap lifejacket "
    "life-vest handbag pad hat cowl visor sleeve raingear"
)
BODY = words(
    "hair face head ear eye nose mouth tongue tail paw leg arm hand foot belly chest back neck "
    "body beard mustache moustache mohawk skin fur coat spot marking patch stripe mane hoof "
    "feather wing beak snout dreadlock ponytail pigtail braid afro makeup lip tattoo fingernail "
    "hairdo goatee"
)
NAMED_GARMENTS = GARMENTS - words("stripe") | words("hair beard")
# "a group of people": what is seen is the people.
CONTAINERS = words(
    "group pair couple bunch crowd number team lot line row set pack herd flock trio series "
    "variety kind type sort piece gang dozen band family gathering collection hundred mass "
    "pile handful plenty majority school class breed"
)

# "a close-up of a cat", "a black and white photo of a cat": what is seen is the cat.
WAYS_OF_SHOWING = words(
    "close-up closeup view picture pic photo photograph image shot snapshot selfie portrait"
)
SHOWING = words("of showing shows depicting depicts featuring features")

IRREGULAR_PLURALS: dict[str, str] = {
    "people": "person",
    "persons": "person",
    "men": "man",
    "women": "woman",
    "kids": "kid",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "geese": "goose",
    "oxen": "ox",
    "leaves": "leaf",
    "calves": "calf",
    "wolves": "wolf",
    "knives": "knife",
    "puppies": "puppy",
    "ladies": "lady",
    "loaves": "loaf",
    "shelves": "shelf",
    "wives": "wife",
    "scarves": "scarf",
    "hooves": "hoof",
    "lives": "life",
    "halves": "half",
    "dice": "die",
    "buses": "bus",
    "movies": "movie",
    "cookies": "cookie",
    "ties": "tie",
    "goalies": "goalie",
    "collies": "collie",
    "selfies": "selfie",
    "hoodies": "hoodie",
    "beanies": "beanie",
    "calfs": "calf",
    "shoes": "shoe",
    "canoes": "canoe",
    "horses": "horse",
    "houses": "house",
    "axes": "axe",
    "clothes": "clothes",
}
INVARIABLE = words(
    "bus grass glass dress lens gas class cross bass chess christmas tennis series species "
    "sheep deer fish pants jeans shorts glasses sunglasses goggles trousers clothes trunks "
    "overalls scissors binoculars headphones news police this its his is was has as us yes "
    "octopus cactus campus circus asparagus fitness harness mattress wilderness darkness "
    "canvas iris walrus atlas plus virus focus bonus genius always perhaps towards across "
    "besides afterwards upwards downwards backwards forwards outdoors indoors stairs steps "
    "tights pajamas pyjamas dungarees claus business princess waitress actress "
    "hostess boss moss mess abyss compass trellis pelvis"
)

# Which subjects and places are a kind of which, in two or three levels of words that captions of
# photographs use; every word stands under its narrowest kind.
BELOW: dict[str, str] = {
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
PLACES_BELOW: dict[str, str] = {
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
