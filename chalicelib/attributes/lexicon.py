"""The words the caption rules know, by their part in a sentence."""

from chalicelib.attributes.kin import LIVING, kin


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COLOURS: dict[str, str] = {
    word: basic
    for basic, words in {
        "black": "black ebony charcoal",
        "white": "white ivory cream cream-colored off-white",
        "grey": "grey gray silver ash",
        "red": "red scarlet crimson maroon burgundy ruby cherry",
        "orange": "orange peach apricot",
        "yellow": "yellow gold golden lemon mustard",
        "green": "green olive lime emerald khaki mint",
        "blue": "blue navy turquoise teal aqua cyan azure indigo",
        "purple": "purple violet lavender lilac mauve magenta",
        "pink": "pink rose fuchsia salmon",
        "brown": "brown tan beige chestnut bronze copper chocolate hazel auburn",
    }.items()
    for word in words.split()
}
BASIC_COLOURS: tuple[str, ...] = tuple(dict.fromkeys(COLOURS.values()))
# These name a thing as often as a colour: a colour only where a noun follows.
HALF_COLOURS = _words(
    "rose gold silver cream orange cherry chocolate salmon violet lemon lime olive peach ash "
    "mint copper bronze ruby mustard charcoal"
)
COLOUR_ADVERBS = _words("light dark bright pale deep navy royal hot neon bright-colored")
COLOUR_SUFFIXES = ("-colored", "-coloured", "-haired", "-striped", "-clad", "ish")

DETERMINERS = _words(
    "a an the this that these those his her its their my your our some any each every another "
    "both all several many few one two three four five six seven eight nine ten eleven twelve "
    "twenty dozen other no various numerous most either neither lone single what"
)
PLURAL_DETERMINERS = _words(
    "two three four five six seven eight nine ten eleven twelve twenty several many few some "
    "both all these those various numerous"
)
PREPOSITIONS = _words(
    "in on at of with without by for from into onto over under through across along around "
    "behind beside besides near between among against towards toward up down off out past "
    "above below beneath underneath inside outside after before during atop amid amidst "
    "alongside about via beyond within upon to than like opposite amongst except"
)
WORN_PREPOSITIONS = _words("in with")
ADVERBS = _words(
    "together outside outdoors indoors inside away back forward forwards backwards upside "
    "very just also too not never nearby ahead there here quickly slowly happily still only "
    "almost apart aside home midair mid-air alone downhill uphill upwards downwards underwater "
    "sideways overhead ashore airborne onstage off-road up down out off around along over "
    "ready asleep left high then so now again barefoot as even well fast past by through"
)
CONJUNCTIONS = _words("and or & but nor")
CLAUSE_STARTS = _words("while as when whilst where because until since if though although for")
RELATIVES = _words("who that which whose whom")
PRONOUNS = _words(
    "he she it they him them himself herself itself themselves something "
    "everything anything nothing i you we us me it's there"
)
NEGATIONS = _words("not never n't without no")
BE = _words("is are was were be been being am 's 're isn't aren't")
HAVE = _words("has have had having")
AUXILIARIES = _words(
    "does do did can could will would may might must should doesn't don't can't get gets getting"
)

GARMENTS = _words(
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
    "headdress sundress lifejacket life-vest handbag pad hat cowl visor sleeve raingear"
)
BODY = _words(
    "hair face head ear eye nose mouth tongue tail paw leg arm hand foot belly chest back neck "
    "body beard mustache moustache mohawk skin fur coat spot marking patch stripe mane hoof "
    "feather wing beak snout dreadlock ponytail pigtail braid afro makeup lip tattoo fingernail "
    "hairdo goatee"
)
# "a group of people": what is seen is the people.
CONTAINERS = _words(
    "group pair couple bunch crowd number team lot line row set pack herd flock trio series "
    "variety kind type sort piece gang dozen band family gathering collection hundred mass "
    "pile handful plenty majority school class"
)

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
INVARIABLE = _words(
    "bus grass glass dress lens gas class cross bass chess christmas tennis series species "
    "sheep deer fish pants jeans shorts glasses sunglasses goggles trousers clothes trunks "
    "overalls scissors binoculars headphones news police this its his is was has as us yes "
    "octopus cactus campus circus asparagus fitness harness mattress wilderness darkness "
    "canvas iris walrus atlas plus virus focus bonus genius always perhaps towards across "
    "besides afterwards upwards downwards backwards forwards outdoors indoors stairs steps "
    "tights pajamas pyjamas dungarees claus business princess waitress actress "
    "hostess boss moss mess abyss compass trellis pelvis"
)

_REGULAR_VERBS = (
    "walk jump play stand look climb kick splash swim hold ride run sit pose smile watch catch "
    "carry chase laugh talk skate ski surf dance fight leap swing throw hang push pull read eat "
    "drink drive fly fall lie lay slide race paddle wade dig bite chew lick shake roll sleep "
    "rest wait lean kneel crouch squat crawl hike bike cycle skateboard snowboard sled raft row "
    "sail fish dive float bathe wash clean cook paint draw write sing perform point wave hug kiss "
    "touch reach raise lift grab pick drop toss hit bat pitch tackle wrestle box punch shoot aim "
    "fetch follow lead cross pass enter leave approach face stare gaze peer smoke blow sniff "
    "smell bark growl yawn stretch balance flip spin twirl tumble grind perch land hover glide "
    "soar trot gallop prance frolic romp stroll march jog sprint dash charge rush hurry step "
    "tread wander work build dig drill fix repair cut chop saw hammer shovel sweep rake mow "
    "plant feed pet groom brush comb shave dress spray squirt soak drench dry hide seek peek "
    "display show take make give get put set use enjoy examine inspect study photograph film "
    "record listen speak chat converse whisper yell shout scream cry celebrate cheer clap applaud "
    "bow pray rappel scale hurdle vault bounce dribble dunk juggle bowl golf putt serve "
    "volley kayak canoe wakeboard windsurf snorkel dip plunge emerge burst crash collide "
    "struggle stumble trip slip sway swirl turn twist bend fold wrap tie buckle open close lock "
    "shop buy sell pay pour serve mix fill empty load unload pack drag tow tug haul nuzzle nip "
    "snuggle cuddle embrace relax lounge recline sunbathe nap doze gather meet huddle surround "
    "line parade protest skip hop crowd pile stack wear block guard defend dodge "
    "compete score win speed maneuver navigate steer pedal park board exit descend ascend "
    "cool peek pounce lunge snatch nibble swallow slurp blow inflate pop chew rub scratch pat "
    "squeeze pinch poke stick extend wag howl nurse cradle rock toboggan tube bungee parasail "
    "skydive trek traverse explore search hunt browse view observe admire spit "
    "shovel cover operate strum drum conduct type text call knit sew weave practice exercise "
    "train lounge graze roam swoop flap peck splatter wrestle skid drift gesture signal salute "
    "grin frown wink pout scowl giggle strike fling hurl sip gulp munch taste lap stroke "
    "attack chat camp picnic barbecue grill bask dangle cling straddle suspend hike "
    "cartwheel somersault backflip handstand trudge plow plod scurry scramble slither "
    "sled skateboard rollerblade handle tend assist help teach present offer accept receive "
    "deliver send collect choose spread scatter scoop scrub rinse sweep bury uncover go do "
    "try attempt begin start prepare continue appear seem want keep"
)
VERBS = _words(_REGULAR_VERBS)
IRREGULAR_FORMS: dict[str, str] = {
    form: base
    for base, forms in {
        "run": "ran",
        "ride": "rode ridden",
        "hold": "held",
        "stand": "stood",
        "sit": "sat",
        "take": "took taken",
        "make": "made",
        "catch": "caught",
        "throw": "threw thrown",
        "swim": "swam swum",
        "fly": "flew flown flies flying",
        "lie": "lying lies lain",
        "tie": "tying tied ties",
        "die": "dying",
        "eat": "ate eaten",
        "drink": "drank drunk",
        "drive": "drove driven",
        "fall": "fell fallen",
        "hang": "hung",
        "swing": "swung",
        "fight": "fought",
        "bite": "bitten",
        "shake": "shook shaken",
        "sing": "sang sung",
        "dig": "dug",
        "wear": "wore worn",
        "write": "wrote written",
        "draw": "drew drawn",
        "lead": "led",
        "feed": "fed",
        "build": "built",
        "blow": "blew blown",
        "buy": "bought",
        "lay": "laid",
        "meet": "met",
        "give": "gave given",
        "get": "got",
        "hide": "hid hidden",
        "speak": "spoke spoken",
        "spin": "spun",
        "slide": "slid",
        "sleep": "slept asleep",
        "sweep": "swept",
        "teach": "taught",
        "bend": "bent",
        "kneel": "knelt",
        "leap": "leapt",
        "ski": "skis skiing skied",
        "stick": "stuck",
        "strike": "struck",
        "win": "won",
        "weave": "wove woven",
    }.items()
    for form in forms.split()
}
# Followed by another verb they only say that it begins, goes on or is tried.
CATENATIVES = _words(
    "try attempt begin start prepare continue appear seem want wait go come get need like stop "
    "keep have"
)
NOT_ACTIONS = _words("wear be have do go dress cover surround fill")
ING_NOUNS = _words(
    "building railing clothing ceiling wedding painting evening morning ring string king swing "
    "sling wing spring thing something anything nothing everything crossing landing clearing "
    "awning covering gathering opening lighting siding flooring fencing setting bedding "
    "offspring outing dumpling duckling sibling icing stocking viking bling marking during"
)
# Adjectives made from verbs that say how a thing is, not what it does.
STATIVE = _words(
    "surrounded covered filled dressed fenced paved wooded striped crowded colored coloured "
    "bearded opposing matching missing exciting interesting amusing"
)
# Whose form in -s is as often a noun: a verb only after someone who can do it.
NOUN_VERBS = _words(
    "plant play jump run swing slide wave ride race drink kick splash bike surf ski fish fall "
    "work step dress line cross park board box bat rock face point back pet paint pitch show train "
    "turn display cycle trick throw flip grind cover bow rope saw hammer brush comb shower "
    "exercise rest"
)

ANIMATE: frozenset[str] = LIVING
THINGS_THAT_MOVE: frozenset[str] = kin("vehicle")
