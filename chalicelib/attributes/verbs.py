"""The verbs the caption rules know, and what becomes of some of them."""

from chalicelib.attributes.lexicon import words

VERBS = words(
    "abseil accelerate accept act adjust admire advertise aid aim amble anchor announce answer "
    "appear applaud apply approach argue arrest arrive ascend ask assemble assist attach attack "
    "attempt attend avoid await backflip bake balance bandage bang baptize barbecue bare bark "
    "bask bat bathe battle bear beckon beg begin belay bend bike billow bite blend block blossom "
    "blow board boast bob bobsled bodyboard bodysurf boil bolt boo boogie bounce bound bow bowl "
    "box brace brandish break breastfeed breathe bring broadcast browse brush bubble buck buckle "
    "build bulge bundle bungee burn burp burrow burst bury bustle butt buy call calm camp canoe "
    "canter capture care careen caress carry cartwheel carve cascade cast catch cavort celebrate "
    "chain change chant charge chase chat cheer cheerlead chew chill chisel choose chop chuck "
    "clamber clap clasp claw clean clear clench click climb cling close clown cluster clutch "
    "coach coast coil collapse collect collide comb combat come comfort commence commute compare "
    "compete complete concentrate conduct confront congregate consider consult contemplate "
    "continue control converge converse cook cool copy cough count cover cower cradle cram crash "
    "crawl create creep crochet croon cross crouch crowd crumble crush cry cuddle curl curtsy cut "
    "cycle dab dabble dance dangle dart dash daydream decorate defend defy deliver demolish "
    "demonstrate depart depict descend destroy dial dig dine dip direct disappear discover "
    "discuss dismantle dismount display distribute dive do dock dodge don donate doodle douse "
    "doze drag drape draw dream drench dress dribble drift drill drink drip drive drool drop "
    "drown drum dry duck dump dunk earn eat eject elbow elude embrace emerge emit empty encircle "
    "encourage engage engulf enjoy enter entertain erect escape escort examine excavate exchange "
    "exercise exhale exit expand explore expose express extend extinguish face fall fasten feed "
    "feel fetch fidget fight fill film fire fish fix flail flap flash flee flex flick flinch "
    "fling flip flirt float flock flop flow fly focus fold follow fool freeze frolic frown fry "
    "fumble gallivant gallop gamble gape gargle gasp gather gaze gesticulate gesture get giggle "
    "give glance glare glide glow gnaw go gobble golf grab grapple grasp graze greet grill grin "
    "grind grip groan groom grow growl guard guide gulp gush hack hail hammer handcuff handle "
    "handstand hang happen harvest haul head headbang heal hear heave heckle help herd hesitate "
    "hide highfive hike hit hitch hitchhike hobble hoist hold hook hop hose hover howl huddle hug "
    "hum hunch hunker hunt hurdle hurl hurry hurtle ignore imitate indicate inflate inhale inject "
    "insert inspect inspire install instruct interact intercept interrupt interview introduce "
    "investigate invite iron itch jab jam jeer jog join jostle jot joust juggle jump jut kayak "
    "keep kick kickbox kiss knead kneel knit knock know lag land lap latch lather laugh launch "
    "lay laze lead lean leap leapfrog learn leave lecture lend let lick lie lift limp line linger "
    "listen litter live load lob lock loiter longboard look loom loosen lose lounge lower luge "
    "lunge lurch lurk make maneuver manipulate march mark marry marvel mash massage meander "
    "measure meditate meet melt mill mime mingle mix moan mock mold monitor mount mourn move mow "
    "mumble munch murmur nap navigate near negotiate nestle nibble nip nod nosedive notice nudge "
    "nurse nuzzle observe obstruct occupy offer offload ogle ollie open operate oppose orbit "
    "order overflow overlook overtake overturn pace pack paddle paddleboard paint parachute "
    "parade parasail park partake participate partner pass pat patrol pause pay peck pedal peek "
    "peel peep peer perch perform peruse pet photograph pick picnic pierce pile pilot pinch pitch "
    "pivot placate place plant play plead plod plow pluck plug plunge point poise poke polish "
    "ponder pop pose possess pounce pound pour pout practice practise prance pray preach preen "
    "prepare present preside press pretend print proclaim produce promote prop propel protect "
    "protest protrude provoke prowl prune pucker puff puke pull pump punch puncture punish punt "
    "purchase pursue push put putt quarrel quench race raft rage raise rake rally ram rant rappel "
    "rattle ravage reach react read ready rear reassure receive recite recline recoil record reel "
    "reflect rejoice relax release remain remodel remove renovate repair repel replace reply "
    "rescue resist respond rest restrain retain retreat retrieve return revel review ride rinse "
    "rip rise roam roast rock roll rollerblade rollerskate romp rot rotate roughhouse rouse row "
    "rub ruffle rummage run rush rustle saddle sail salute saunter save saw say scale scan "
    "scatter scold scoop scoot score scour scowl scrabble scramble scrape scratch scrawl scream "
    "screw scrub sculpt scurry search seat secure see seek seem seize sell send separate serenade "
    "serve set settle sew shake share shave shear shelter shield shimmy shine shiver shoot shop "
    "shout shove shovel show shriek shrink shrug shuffle sift sightsee sign signal sing sink sip "
    "sit skate skateboard skewer ski skid skim skimboard skimp skip skydive slam slap sled sleep "
    "slice slide sling slip slither slouch slump slurp smack smash smear smell smile smirk smoke "
    "smolder smother snack snap snarl snatch sneak sneeze snicker sniff snooze snore snorkel "
    "snort snowboard snowmobile snowshoe snuggle soak soar sob socialize solve somersault sort "
    "sow spar spark speak speed spell spill spin spit splash splatter split sponge sprawl spray "
    "spread sprinkle sprint sprout spur spurt squabble squash squat squawk squeal squeeze squint "
    "squirm squirt stab stack stagger stalk stall stamp stand stare start startle steady steal "
    "steer step stick stir stoke stomp stoop stop straddle straighten strain strap stray stream "
    "stretch stride strike strip stroke stroll struggle strum strut study stuff stumble submerge "
    "suck suckle sun sunbathe support surf surge surround survey suspend swaddle swallow swap "
    "swarm swat sway sweat sweep swerve swim swing swirl swivel swoop tackle take talk tangle tap "
    "tape taste taunt teach tease teeter tend text thank think thrash threaten throttle throw "
    "thrust tickle tie tighten tilt tiptoe toast toboggan toss touch tour tow trace trade train "
    "trample transport travel traverse tread treat trek trim trip troll trot trudge trundle try "
    "tube tuck tug tumble turn tussle tutor twirl twist type uncover undo undress unfold unload "
    "unwrap urinate use usher vacuum vault veer vend venture vibrate videotape vie view visit "
    "volley vote waddle wade waft wag wail wait wake wakeboard walk waltz wander want warm warn "
    "wash watch waterski wave waver wear weave weep weigh welcome weld whack wheel whip whirl "
    "whisper whistle whiz wield wiggle win wind windsurf wink wipe withdraw wobble woo work "
    "worship wrap wrestle wriggle wring write yank yawn yell yodel zigzag zip zoom"
)
IRREGULAR_FORMS: dict[str, str] = {
    form: base
    for base, forms in {
        "run": "ran",
        "ride": "rode ridden",
        "hold": "held",
        "show": "shown",
        "see": "seen",
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
        "do": "does did done",
        "put": "put putting",
        "hit": "hit",
        "cut": "cut",
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
CATENATIVES = words(
    "try attempt begin start prepare continue appear seem want wait go come get need like stop "
    "keep have"
)
NOT_ACTIONS = words("wear be have dress cover surround fill cloth")
ING_NOUNS = words(
    "building railing clothing ceiling wedding painting evening morning ring string king swing "
    "sling wing spring thing something anything nothing everything crossing landing clearing "
    "awning covering gathering opening lighting siding flooring fencing setting bedding "
    "coping offspring outing dumpling duckling sibling icing stocking viking bling marking during"
)
# Adjectives made from verbs that say how a thing is, not what it does.
STATIVE = words(
    "surrounded covered filled dressed fenced paved wooded striped crowded colored coloured "
    "bearded opposing matching missing exciting interesting amusing decorated attached silhouetted "
    "blurred located engaged involved interested padded carved connected"
)
# Whose form in -s is as often a noun: a verb only after someone who can do it.
NOUN_VERBS = words(
    "plant jump run swing slide wave ride race drink kick splash bike surf ski fish fall "
    "work step dress line cross park board box bat rock face point back pet paint pitch show train "
    "turn display cycle trick throw flip grind cover bow rope saw hammer brush comb shower "
    "exercise rest break bubble burn camp cast chain change charge check cheer circle clown coach "
    "cook dart dock dream drill drip duck exchange fight film fire float flock focus guard guide "
    "handle harvest head heat help herd hook hose hug hurdle iron jam kiss lap lead lift load lock "
    "mark mill mime mount move mug nurse pace pack paddle partner pedal peel pile pilot plug pose "
    "press print produce prop puff pull pump punch push raft rake ram record roll row saddle sail "
    "score scream screw seat set shake shelter shop shovel sign signal skate skateboard sled slice "
    "sling smell smile snack spark spill spot spray sprout stack stall stamp start stick stop "
    "stream stretch strip stroke support surge talk tap tape text tie tip toast toss touch tour "
    "tow trade trail transport trim trip tube tug twist type vacuum view visit wake walk watch "
    "weave wheel whip whistle wind wrap"
)
# What follows them in -ing is their object: "in snow carrying poles".
HAVING = words("wear hold carry")
# Whose object may do something: "watches a dog jump".
PERCEIVED = words("watch help see let make hear")
# What cars and boats do by themselves; everything else is their rider's.
OF_VEHICLES = words(
    "drive move go travel roll park pass turn speed fly sail float cross approach crash follow "
    "spin kick burn sink tow pull carry come leave stop flip"
)
# Of the verbs that are nouns, too: what beings are often said to do.
OFTEN_DONE = words(
    "run jump play swing slide ride fall walk watch start smile kiss hug fight dance surf ski "
    "dream roll shake talk laugh rest work bite kick drink splash catch throw"
)
