/** Words that keys and values of synthetic facts are made of: many combinations, so that none can be learnt by heart. */

export const ADJECTIVES =
  words(`amber ancient bitter black blue brave bright broken bronze calm clever cold copper crooked curious dark
  distant dusty early eager empty fierce foreign gentle golden grand gray green happy heavy hidden hollow humble iron lazy little
  lonely long lucky merry narrow noble northern old pale patient plain proud purple quick quiet rapid red royal rusty secret sharp
  silent silver slow small soft southern steady stone strange strong sudden sweet tall thin tired velvet warm western white wild
  winter wise wooden yellow young`);

export const NOUNS =
  words(`anchor apple arrow basket bear bell bird boat book bottle bridge button cabin candle castle chain chair
  circle city clock cloud coat corner crow crown curtain door dragon drum eagle engine falcon farm feather field fire fish flag flower
  forest fountain fox garden gate ghost hammer harbor hat hawk hill horse house island jacket kettle key kitchen ladder lake lamp
  lantern letter lion market mill mirror moon mountain needle ocean orchard oven owl palace path pepper piano pillow pirate planet
  queen rabbit river road rope sailor school shadow ship shoe sparrow spoon station stone table temple thunder tiger tower train
  tree valley violin wagon wall watch whale wheel window wolf`);

export const GIVEN_NAMES = words(`Adam Agnes Albert Alice Anna Arthur Clara Daniel David Edith Edward Ellen Emma Ernest Esther Eva
  Florence Frances Frank George Grace Hannah Harold Harriet Helen Henry Hugh Ida Isaac Jacob James Jane John Joseph Julia Laura Lewis
  Louise Lucy Mabel Martha Mary Oliver Oscar Peter Philip Ralph Robert Rose Ruth Samuel Sarah Simon Sophia Stephen Thomas Victor
  Walter William`);

export const FAMILY_NAMES =
  words(`Abbott Baker Barnes Bell Bishop Brooks Brown Carter Clark Cole Cooper Cross Davis Dixon Ellis Fisher
  Fletcher Foster Fox Gardner Gibson Grant Gray Green Hall Harper Hayes Hill Holmes Hunt Jackson King Lane Lee Mason Miller Moore
  Morgan Murray Nelson Page Parker Porter Price Reed Rice Rogers Scott Shaw Stone Taylor Turner Walker Ward Warren Webb West White
  Wood Young`);

function words(text: string): string[] {
  return text.split(/\s+/);
}
