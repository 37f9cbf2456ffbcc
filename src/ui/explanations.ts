/** "How is this computed" for every number and knob on the page: what it is, its formula, and where it comes from. */

export interface Explanation {
  title: string;
  formula?: string;
  text: string;
  source?: string;
}

const plainExplanations = {
  validation: {
    title: 'Validation loss',
    formula: 'L = −(1/n) Σ log p(x_i | x_<i), nats per token',
    text:
      'Mean cross-entropy on fixed held-out windows. val_short uses windows of the base’s length, val_long of the longest stage’s. The ' +
      'windows and targets never change, so curves of different stages, mixes and forks can be compared. Training loss cannot: its ' +
      'length and mix change with the recipe, so it is drawn behind as a raw trace and a bias-corrected moving average.',
    source: 'Held-out documents are listed in the corpus index; bits per byte are in the table.',
  },
  precision: {
    title: 'Precision',
    formula: 'float16: 11 bits of significand, up to 65,504; below 6.1e-5 a GPU may flush to 0',
    text:
      'What weights and activations are stored in. With float16 they take half the bytes and half the bandwidth; sums, gradients, the ' +
      'optimizer and its master copy of the weights stay float32, and values are clamped before they are stored. `lab gate` trains a ' +
      'recipe both ways and compares the losses.',
    source: 'Micikevicius et al. 2017, arXiv 1710.03740, section 3.1',
  },
  position: {
    title: 'Loss by position',
    formula: 'L(c) = mean of −log p over targets with context c = i − doc_start + 1',
    text:
      'Loss of val_long by how much context the target has, in geometric bins. A model that uses its context falls to the right. Past ' +
      'the base’s length (marked) an unextended model rises. Standard errors are over windows.',
    source: 'Xiong et al. 2023, arXiv 2309.16039, figures 1 and 9a',
  },
  attention: {
    title: 'Attention distance',
    formula: 'h_b = mean over queries i of Σ_j A[i,j], i − j in bin b; bins [0] [1] [2–3] [4–7] …',
    text:
      'Where each head’s attention goes, as mass per log2 bin of distance, exact over the flash-attention tiles on a fixed held-out ' +
      'probe batch of the longest stage’s length. Only queries with at least half that length before them count. Each row sums to 1. ' +
      '“Change” subtracts the run’s first record, which for a fork is the fork point. The uniform row is a head that attends evenly to ' +
      'all it may see. Mean distance alone misleads: a failing model can look “longer”.',
    source: 'Kernel attention_statistics',
  },
  retrieval: {
    title: 'Answer loss: keyed facts, first sentence, passkey',
    formula: 'mean −log p over the answer’s tokens, asked again m tokens after the fact',
    text:
      'Keyed facts: rows state four facts under keys and ask for one of them again, m tokens on. First sentence: a document of m tokens, ' +
      'then the question for its first sentence. Passkey: one number in m tokens of text. The control is the same row with what tells the ' +
      'answer taken out: the gap between the curves is what the model retrieves from context. Exact match counts answers whose every token ' +
      'was the most likely.',
  },
  sweep: {
    title: 'Training-free sweep',
    text:
      'The weights as they are, read under nine values of the base or the factor: val_short, val_long and the answers’ loss, on the run’s ' +
      'fixed held-out text. Nothing is trained and the run’s own tables are put back. It says where extension starts, not where it ends.',
  },
  intervention: {
    title: 'Interventions',
    formula: 'Δ = loss(without the part) − loss(whole), on the same targets',
    text:
      'Attention plots are not causal: a head may look far and matter to nothing. Here a part of the model is taken away and the run’s fixed ' +
      'held-out text and questions are read again. A head is silenced in the columns of o_proj that read it; a layer in o_proj and ' +
      'down_proj; a band of rotary pairs (0 turns fastest) in q_proj, so it adds nothing to any score. Cutting context to c splits rows into ' +
      'blocks of c tokens that each open with the begin token; only targets with c/2 to c tokens before them count, with and without.',
  },
  meanDistance: {
    title: 'Mean attention distance',
    formula: 'D = mean_i Σ_j A[i,j] (i − j)',
    text:
      'In tokens. “Without first” leaves out the document’s first token, where attention sinks sit, as a ratio of sums: ' +
      'Σ A (i − j) / Σ A over j > doc_start. For a uniform head D is (i − doc_start)/2, so it grows with length by itself.',
  },
  entropy: {
    title: 'Attention entropy',
    formula: 'H = mean_i −Σ_j A[i,j] log A[i,j], nats',
    text: 'Low entropy is attention on few tokens. The uniform reference is mean log(i − doc_start + 1).',
  },
  firstToken: {
    title: 'First-token mass',
    formula: 'mean_i A[i, doc_start]',
    text: 'Attention on the document’s first token: the attention sink. Every document starts with BOS.',
    source: 'Gu et al. 2024, arXiv 2410.10781',
  },
  ropeBase: {
    title: 'RoPE base and its bound',
    formula: 'θ_j = b^(−2j/d);  B(m) = Σ_j cos(m θ_j)',
    text:
      'A larger base turns every pair more slowly. Where B(m) falls below zero, a similar token m back no longer scores above a random ' +
      'one on average. The hint shows the first such distance up to the longest stage, and the smallest base without one. It is a hint, ' +
      'not a bound: safe bases are not all above one threshold.',
    source: 'Men et al. 2024, arXiv 2405.14591; adjusted base: Xiong et al. 2023, arXiv 2309.16039',
  },
  curriculum: {
    title: 'Sequence-length curriculum',
    formula: 'rows per step = tokens per step / sequence length',
    text:
      'Each stage trains its share of the tokens on rows of one length. Tokens per step stay constant, so the optimizer sees batches ' +
      'of the same size throughout, and only the cost of attention changes.',
    source: 'Xiong et al. 2023, arXiv 2309.16039, section 4.4 and Table 10',
  },
  flops: {
    title: 'FLOPs and saving',
    formula: 'causal-exact: 6 N s + 6 L d s² per row;  paper: 72 T L h² (1 + s / 6h)',
    text:
      'Two counts, never mixed. Causal-exact holds every multiplying weight and the pairs a causal mask leaves. The paper’s count ' +
      '(Megatron) has no mask, no output head and a 4h-wide MLP. The saving is against the longest length from the first step on, with ' +
      'the same tokens.',
    source: 'Narayanan et al. 2021, arXiv 2104.04473; Xiong et al. 2023, Table 10',
  },
  memory: {
    title: 'Predicted GPU memory',
    text:
      'Bytes of every buffer the plan will allocate, by purpose, known before anything is allocated. Train stages, validation and ' +
      'probes share one arena sized to the largest of them, so the whole run holds more than a stage alone. Kept activations are what ' +
      'the backward pass needs of the forward pass; the working set is reused from layer to layer; the loss chunk holds the logits of a ' +
      'few rows at a time; tables are rotary angles; staging is what the host reads; uniforms hold the scalars of every dispatch. ' +
      'Generating text adds a cache of its own while it lasts. Dispatches and submits of a run are those after long calls were cut for ' +
      'this adapter; of a draft, those before.',
  },
  binding: {
    title: 'Largest binding',
    text:
      'The largest window on a buffer that one kernel is given, against what the adapter allows (maxStorageBufferBindingSize). Tensors ' +
      'that are larger are worked on in parts. WebGPU guarantees 128 MiB.',
  },
  eta: {
    title: 'Time to the end',
    formula: 'remaining FLOPs / FLOPs per second',
    text:
      'Before the first step the rate comes from a short matmul measured when the lab opened, so it is optimistic. While training it ' +
      'is the run’s own rate over its last steps, scaled to the stages that are left.',
  },
  tokensPerSecond: {
    title: 'Tokens per second',
    text: 'Training tokens over wall time of the last step; pauses and probes are left out.',
  },
  gradNorm: {
    title: 'Gradient norm',
    formula: '‖g‖₂ over all tensors, before clipping',
    text: 'Gradients longer than max_grad_norm are scaled down to it.',
  },
  mix: {
    title: 'Data mix',
    text:
      'Share of tokens per source, normalised by their sum. Engines differ in what a weight counts (documents, rows or tokens); here it ' +
      'is tokens. Live: takes effect at the next step and is recorded as an event of the run.',
  },
  learningRate: {
    title: 'Learning rate',
    formula: 'linear warm-up to the peak, then the schedule down to min_learning_rate_ratio × peak',
    text: 'The peak of the schedule. Live: a change scales the schedule from the next step on.',
  },
  minRatio: {
    title: 'Final learning rate',
    formula: 'lr_end = min_learning_rate_ratio × learning_rate',
    text: 'Share of the peak that the last step trains with. Without effect under a constant schedule.',
  },
  weightDecay: {
    title: 'Weight decay',
    formula: 'w ← w − lr · λ · w',
    text: 'Decoupled decay of AdamW on matrices; norms are not decayed.',
    source: 'Loshchilov & Hutter 2019, arXiv 1711.05101',
  },
  betas: {
    title: 'AdamW betas',
    formula: 'm ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²',
    text: 'Decay of the running mean of the gradient and of its square.',
    source: 'Kingma & Ba 2015, arXiv 1412.6980',
  },
  warmup: { title: 'Warm-up steps', text: 'Steps over which the learning rate rises linearly from near zero to its peak.' },
  schedule: { title: 'Schedule', text: 'How the learning rate falls after warm-up: half a cosine, a line, or not at all.' },
  maxGradNorm: {
    title: 'Gradient clipping',
    formula: 'g ← g · min(1, max_grad_norm / ‖g‖₂)',
    text: 'Global norm over all tensors. A step whose gradients are not finite leaves the weights alone.',
  },
  probeEvery: {
    title: 'Probe cadence',
    text: 'Steps between validations, attention statistics and retrieval probes. Probing takes no training tokens but does take time.',
  },
  model: {
    title: 'Model size',
    formula: 'hidden = 64 × dial, layers = 2 × dial, head_dim 32, feed-forward ≈ 8/3 × hidden',
    text:
      'A Llama: RMSNorm, rotary attention with grouped queries, SwiGLU, tied output head. Starting from a checkpoint keeps its shape ' +
      'and weights; a new model starts from random weights.',
  },
  tokensPerStep: {
    title: 'Tokens per step',
    text: 'Tokens whose gradients make one optimizer step, the same in every stage. Each stage’s length must divide it.',
  },
  totalTokens: { title: 'Total tokens', text: 'Tokens of the whole run, shared out over the stages.' },
  wavelength: {
    title: 'Rotary wavelengths',
    formula: 'λ_j = 2π / θ_j tokens per turn',
    text:
      'One dot per rotary pair. Pairs whose wavelength is longer than the training length never complete a turn there: beyond it they ' +
      'reach angles the model has not seen. They are shaded.',
  },
  decay: {
    title: 'Decay of the all-ones score',
    formula: 'A(m) = (2/√d) Σ_j cos(m θ_j)',
    text:
      'The attention score before softmax of an all-ones query and key m tokens apart: the paper’s Figure 4, for the chosen encoding and ' +
      'for plain RoPE with base 10,000.',
    source: 'Xiong et al. 2023, arXiv 2309.16039, section 4.1',
  },
  baseBound: {
    title: 'B(m)',
    formula: 'B(m) = Σ_j cos(m θ_j)',
    text: 'The base’s advantage of a similar token over a random one at distance m. Distances where it is negative are named beside the plot.',
    source: 'Men et al. 2024, arXiv 2405.14591',
  },
  granularity: {
    title: 'Granularity',
    formula: 'C = (2/d) Σ_j sin θ_j',
    text: 'How far apart neighbouring positions are turned. Interpolation shrinks it with its factor, a larger base only with its logarithm.',
    source: 'Xiong et al. 2023, arXiv 2309.16039, appendix B, as a mean',
  },
  mfu: {
    title: 'Model FLOPs utilisation',
    formula: 'MFU = (6 N s + 6 L d s²) per row / step time / measured peak',
    text:
      'FLOPs that the model needs, causal-exact (N weights that multiply, half of the attention square), over the time of a whole step ' +
      'as trained, over what the adapter reaches with multiply-adds in registers. Work done twice to save memory does not count. Figures ' +
      'published against a data sheet’s peak, or with the full attention square, come out differently.',
    source: 'Chowdhery et al. 2022, arXiv 2204.02311, appendix B; here against a measured peak',
  },
  hfu: {
    title: 'Hardware FLOPs utilisation',
    formula: 'HFU = FLOPs executed / step time / measured peak',
    text:
      'The same with every operation the kernels execute, so layers and attention tiles that are computed again in the backward pass ' +
      'count as often as they run. HFU over MFU is what recomputing costs.',
    source: 'Korthikanti et al. 2022, arXiv 2205.05198',
  },
  adapterPeak: {
    title: 'The adapter’s measured peak',
    text:
      'Multiply-adds that never leave the registers, and bytes read plus written by a buffer copy, both measured on this adapter. No ' +
      'data sheet is involved.',
    source: 'Kernel fma_peak',
  },
  pace: {
    title: 'Longest dispatch and submit',
    text:
      'Nothing interrupts a dispatch: while it lasts the page cannot be drawn, and a driver takes the GPU away from one that lasts ' +
      'seconds. Long calls are therefore cut, without changing a bit of the result, and a step is handed over in short submits; pausing ' +
      'takes effect between two of them. The limits rest on rates measured on this adapter, so a busy machine may exceed them.',
  },
  stepProfile: {
    title: 'One training step',
    formula: 'step = Σ kernels + what lies between them',
    text:
      'The step’s time is measured as in training. Kernels are then timed one at a time, median of repeats, and drawn in the order they ' +
      'run; neighbouring calls of one kernel are one span. Kernels that overlap in training are counted alone here, so their sum may ' +
      'exceed the step. Pointing at a kernel marks it in all three pictures; arrow keys move through the bar.',
  },
  kernels: {
    title: 'Kernels',
    formula: 'GFLOP/s = FLOPs / time;  GB/s = operand bytes, each once, / time',
    text:
      'Calls of one operation for one purpose, added up. Shares are of the adapter’s measured peaks. A kernel is as good as the higher of ' +
      'the two: one that moves much and computes little cannot come near the arithmetic peak. More than 100 % of bandwidth means that ' +
      'operands came out of a cache.',
  },
  roofline: {
    title: 'Roofline',
    formula: 'GFLOP/s ≤ min(peak, FLOP per byte × GB/s)',
    text:
      'Where a kernel’s own arithmetic puts its limit: under the slope it waits for memory, under the level it computes. Bytes are the ' +
      'least that must move, each operand once, so a kernel that reads its operands again lies lower than it could. Dots are as large ' +
      'as their share of the time.',
    source: 'Williams, Waterman & Patterson 2009',
  },
  tuning: {
    title: 'Tuning',
    text:
      'The first time an adapter is used, every way to compute an operation is checked here against exact results, then timed at the ' +
      'shapes of this run; what is remembered holds for later runs. Skipping keeps the defaults for what was not reached.',
  },
  variants: {
    title: 'Kernel variants',
    text:
      'How each operation was computed. Variants give the same results to rounding, but not the same bits, so a run keeps those it began ' +
      'with, through forks and checkpoints. The default is what an adapter of this kind gets untimed; the tuner departs from it only ' +
      'for a variant that was checked here and is faster by more than the noise.',
  },
  sampling: {
    title: 'Sampling',
    formula: 'p_i ∝ exp(logit_i / temperature) over the top k',
    text: 'Text from the active run’s weights with a key/value cache, made between training steps. Temperature 0 takes the most likely token.',
  },
} satisfies Record<string, Explanation>;

export type ExplanationId = keyof typeof plainExplanations;

export const explanations: Record<ExplanationId, Explanation> = plainExplanations;
