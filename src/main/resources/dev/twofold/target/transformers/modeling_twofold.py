"""A decoder as Twofold compiles it: a residual stream, and the steps that add to it.

config.json lists the steps under "twofold". All branches of a step read the same stream, and their results are added to
it once. An ordinary layer is two steps of a branch each, attention and feed-forward; a pair of layers is two steps that
are twice as wide; a merged step has an attention and a feed-forward side by side. On N devices a step costs one
all-reduce.

Needs transformers 5.10 or newer; tensor parallelism (tp_plan="auto") needs 5.18.
"""

import torch
import transformers
from packaging.version import Version
from torch import nn
from torch.nn import functional as F

if Version(transformers.__version__) < Version("5.10"):
    raise ImportError(f"this model needs transformers 5.10 or newer, and this is {transformers.__version__}")

from transformers import GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers.cache_utils import DynamicCache
from transformers.masking_utils import create_causal_mask, create_chunked_causal_mask, create_sliding_window_causal_mask
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils import can_return_tuple
from transformers.utils.output_capturing import capture_outputs

if torch.distributed.is_available():
    from torch.distributed.tensor import DTensor
else:
    DTensor = ()

# What outputs and masks call the KV cache: transformers renamed it while it was at version 5.
CACHE = "cache" if "cache" in CausalLMOutputWithPast.__dataclass_fields__ else "past_key_values"

ACTIVATIONS = {
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu-tanh": lambda x: F.gelu(x, approximate="tanh"),
    "relu": F.relu,
    "relu-squared": lambda x: F.relu(x).square(),
}


class Xielu(nn.Module):
    """p x^2 + b x above zero, n (exp(x) - 1 - x) + b x below (Huang and Schlag, 2024), with numbers that are trained."""

    def __init__(self):
        super().__init__()
        self.rising = nn.Parameter(torch.zeros(1))
        self.falling = nn.Parameter(torch.zeros(1))
        self.register_buffer("slope", torch.zeros(1))

    def forward(self, x):
        bend = torch.expm1(x.clamp(max=0)) - x.clamp(max=0)
        below = (self.slope + F.softplus(self.falling)) * bend
        return F.softplus(self.rising) * F.relu(x).square() + below + self.slope * x


class ClampedSwish:
    """g sigmoid(steepness g) (u + 1) of a gate g and a projection u, both limited."""

    def __init__(self, steepness, limit, **_):
        self.steepness = steepness
        self.limit = limit

    def gated(self, gate, up):
        gate, up = gate.clamp(max=self.limit), up.clamp(-self.limit, self.limit)
        return gate * torch.sigmoid(self.steepness * gate) * (up + 1)


def activation_of(form):
    if isinstance(form, dict):
        return ClampedSwish(**form)
    return Xielu() if form == "xielu" else ACTIVATIONS[form]


def branches_of(steps):
    """Every branch that config.json lists, in order, those in chains in place of the chain."""
    for step in steps:
        for branch in step:
            if "chain" in branch:
                yield from branches_of(branch["chain"])
            else:
                yield branch


class TwofoldConfig(PreTrainedConfig):
    """What "twofold" lists, and what the library asks of any config, which follows from it."""

    model_type = "twofold"
    keys_to_ignore_at_inference = ["past_key_values", "cache"]

    def __init__(self, twofold=None, vocab_size=1, hidden_size=1, max_position_embeddings=1, **kwargs):
        self.twofold = twofold or {"steps": [], "rotaries": [], "final_norm": {"kind": "rms", "epsilon": 1e-6}}
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.max_position_embeddings = max_position_embeddings
        attentions = [branch["attention"] for branch in branches_of(self.twofold["steps"]) if "attention" in branch]
        widest = max((heads(attention) for attention in attentions), default=(1, 1))
        windows, chunks = (
            {attention[key] for attention in attentions if key in attention} for key in ("sliding_window", "attention_chunk")
        )
        derived = {
            "num_hidden_layers": len(attentions),  # one KV cache each
            "num_attention_heads": widest[0],
            "num_key_value_heads": widest[1],
            "head_dim": max((attention["head_dim"] for attention in attentions), default=1),
            "layer_types": [layer_type(attention) for attention in attentions],
            "sliding_window": max(windows, default=None),
            "attention_chunk_size": max(chunks, default=None),
        }
        self.use_cache = kwargs.pop("use_cache", True)
        super().__init__(**{**kwargs, **derived})
        self.base_model_tp_plan = tensor_parallel_plan(self.twofold["steps"])


def heads(attention):
    """The query heads and the KV heads of an attention, of all layers that it stands for."""
    return tuple(sum(member[kind] for member in attention["members"]) for kind in ("heads", "kv_heads"))


def layer_type(attention):
    kinds = {"sliding_window": "sliding_attention", "attention_chunk": "chunked_attention"}
    return next((kind for key, kind in kinds.items() if key in attention), "full_attention")


def tensor_parallel_plan(steps, sum_each=False):
    """How the projections are cut over devices, with one sum over the devices a step, or one for each branch.

    None for a model with experts, chains, sinks, or norms over all heads at once: those are not cut here.
    """
    for step in steps:
        for branch in step:
            attention = branch.get("attention", {})
            whole = attention.get("norms", {}).get("span") == "width" or attention.get("sinks")
            if "chain" in branch or "experts" in branch or whole:
                return None
    gated = any(branch.get("feed_forward", {}).get("gated") for branch in branches_of(steps))
    columns = ("q_proj", "k_proj", "v_proj", "up_proj", *(("gate_proj",) if gated else ()))
    plan = {f"steps.*.branches.*.{name}": "colwise" for name in columns}
    if any("norms" in branch.get("attention", {}) for branch in branches_of(steps)):
        plan |= {f"steps.*.branches.*.{name}.weight": "colwise" for name in ("q_norm", "k_norm")}
    if sum_each:
        return plan | {f"steps.*.branches.*.{name}": "rowwise" for name in ("o_proj", "down_proj")}
    # The weight alone: the results stay parts of a sum until that of the step.
    plan |= {f"steps.*.branches.*.{name}.weight": "rowwise" for name in ("o_proj", "down_proj")}
    return {"embed_tokens": "embedding_rowwise", **plan, "steps.*.sum": "all_reduce"}


def local(tensor):
    """The part of a tensor that this device has."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


class Norm(nn.Module):
    """unit(x) * weight + bias, over the last axis; unit(x) is that of RMSNorm or LayerNorm."""

    def __init__(self, size, form):
        super().__init__()
        self.layer = form["kind"] == "layer"
        self.epsilon = form["epsilon"]
        self.weight = nn.Parameter(torch.ones(size))
        self.bias = nn.Parameter(torch.zeros(size)) if form.get("bias") else None

    def forward(self, x):
        if self.layer:
            return F.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.epsilon)
        y = F.rms_norm(x, x.shape[-1:], self.weight, self.epsilon)
        return y if self.bias is None else y + self.bias


class HeadNorm(nn.Module):
    """unit(x) * weight of queries or keys [batch, tokens, heads * head_dim], over each head or over all of them."""

    def __init__(self, size, head_dim, form):
        super().__init__()
        self.layer = form["kind"] == "layer"
        self.epsilon = form["epsilon"]
        self.head_dim = None if form["span"] == "width" else head_dim
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x):
        parts = x if self.head_dim is None else x.unflatten(-1, (-1, self.head_dim))
        unit = F.layer_norm if self.layer else F.rms_norm
        return unit(parts, parts.shape[-1:], eps=self.epsilon).reshape(x.shape) * local(self.weight)

    def of_heads(self, x):
        """The same of [batch, heads, tokens, head_dim]."""
        return self(x.transpose(1, 2).flatten(-2)).unflatten(-1, (-1, x.shape[-1])).transpose(1, 2)


class Output(nn.Linear):
    """The last projection of a branch. Each device has some of its columns, so its step adds the bias, after the sum."""

    def forward(self, x):
        return F.linear(x, local(self.weight))


class Rotary(nn.Module):
    """Cosines and sines of the angles by which pairs of elements of a head turn (Su et al., 2021)."""

    def __init__(self, form):
        super().__init__()
        self.form = form
        self.interleaved = form["interleaved"]
        self.register_buffer("inv_freq", self.frequencies(), persistent=False)

    def frequencies(self):
        """Radians a position, a pair each."""
        scaling, width = self.form["scaling"], self.form["width"]
        pair = torch.arange(width // 2, dtype=torch.float64, device="cpu")
        plain = self.form["theta"] ** (-2 * pair / width)
        kind = scaling["type"]
        if kind == "linear":
            plain = plain / scaling["factor"]
        elif kind == "llama3":
            low, high = scaling["low_factor"], scaling["high_factor"]
            turns = scaling["original_positions"] * plain / (2 * torch.pi)
            kept = ((turns - low) / (high - low)).clamp(0, 1)
            plain = (1 - kept) * plain / scaling["factor"] + kept * plain
        elif kind == "yarn":
            stretched = ((pair - scaling["low"]) / (scaling["high"] - scaling["low"])).clamp(0, 1)
            plain = (1 - stretched) * plain + stretched * plain / scaling["factor"]
        elif kind == "longrope":
            plain = plain / torch.tensor(scaling["factors"], dtype=torch.float64, device="cpu")
        elif kind != "unscaled":
            raise ValueError(f"config.json names a rotary scaling that is not known here: {kind}")
        return plain.float()

    def forward(self, position_ids, dtype):
        angles = position_ids[:, :, None].float() * self.inv_freq.float()
        magnitude = self.form["scaling"].get("magnitude", 1.0)
        return (angles.cos() * magnitude).to(dtype), (angles.sin() * magnitude).to(dtype)

    def turn(self, x, rotation):
        """Turns [batch, heads, tokens, head_dim]; elements past the rotary width stay as they are."""
        cos, sin = (table[:, None] for table in rotation)
        turned, rest = x[..., : 2 * cos.shape[-1]], x[..., 2 * cos.shape[-1] :]
        a, b = (turned[..., 0::2], turned[..., 1::2]) if self.interleaved else turned.chunk(2, dim=-1)
        both = (a * cos - b * sin, b * cos + a * sin)
        turned = torch.stack(both, dim=-1).flatten(-2) if self.interleaved else torch.cat(both, dim=-1)
        return torch.cat((turned, rest), dim=-1)


def eager_attention(module, query, key, value, attention_mask, scaling, dropout=0.0, softcap=None, s_aux=None, **kwargs):
    """softmax(cap(q k^T * scaling) + mask) v; what takes the place of this is chosen by attn_implementation.

    s_aux is a score for each head that takes part in the softmax, as that of a key without a value.
    """
    key = key.repeat_interleave(module.num_key_value_groups, dim=1)
    value = value.repeat_interleave(module.num_key_value_groups, dim=1)
    scores = query @ key.transpose(-1, -2) * scaling
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    if attention_mask is not None:
        scores = scores + attention_mask
    if s_aux is not None:
        sinks = s_aux.to(scores.dtype).view(1, -1, 1, 1).expand(*scores.shape[:-1], 1)
        scores = torch.cat((scores, sinks), dim=-1)
    probabilities = scores.softmax(dim=-1, dtype=torch.float32).to(query.dtype)[..., : key.shape[-2]]
    probabilities = F.dropout(probabilities, dropout, module.training)
    return (probabilities @ value).transpose(1, 2).contiguous(), probabilities


class Branch(nn.Module):
    """One term that a step adds: out_norm(run(norm(x)))."""

    output = None

    def __init__(self, config, form):
        super().__init__()
        self.norm = Norm(config.hidden_size, form["norm"]) if "norm" in form else None
        self.out_norm = Norm(config.hidden_size, form["out_norm"]) if "out_norm" in form else None

    def forward(self, x, **context):
        return self.run(x if self.norm is None else self.norm(x), **context)

    @property
    def late_bias(self):
        """What is added once the results of all devices are; only an Output leaves it out."""
        return self.output.bias if isinstance(self.output, Output) else None


def temperatures(form, position_ids):
    """What queries are multiplied by at each position, so that scores over more keys stay as sharp."""
    steps = torch.div(position_ids + form["offset"], form["every"], rounding_mode="floor")
    return 1 + form["weight"] * torch.log1p(steps.float())


class Attention(Branch):
    """Causal attention with grouped KV heads, of one layer or of several side by side."""

    def __init__(self, config, form, rotaries, layer_idx):
        super().__init__(config, form)
        rule = form["attention"]
        queries, keys = heads(rule)
        self.config = config
        self.layer_idx = layer_idx
        self.head_dim = rule["head_dim"]
        self.num_key_value_groups = queries // keys
        self.scaling = rule["scale"]
        self.softcap = rule.get("cap")
        self.clip = rule.get("clip")
        self.sliding_window = rule.get("sliding_window")
        self.layer_type = layer_type(rule)
        self.rotary_idx = rule.get("rotary")
        self.rotary = None if self.rotary_idx is None else [rotaries[self.rotary_idx]]  # a list: no child of this module
        self.is_causal = True
        biases = rule.get("biases", ())
        self.q_proj = nn.Linear(config.hidden_size, queries * self.head_dim, bias="q_proj" in biases)
        self.k_proj = nn.Linear(config.hidden_size, keys * self.head_dim, bias="k_proj" in biases)
        self.v_proj = nn.Linear(config.hidden_size, keys * self.head_dim, bias="v_proj" in biases)
        self.o_proj = Output(queries * self.head_dim, config.hidden_size, bias="o_proj" in biases)
        self.q_norm = HeadNorm(queries * self.head_dim, self.head_dim, rule["norms"]) if "norms" in rule else None
        self.k_norm = HeadNorm(keys * self.head_dim, self.head_dim, rule["norms"]) if "norms" in rule else None
        self.norms_turned = rule.get("norms", {}).get("turned", False)
        self.temperature = rule.get("temperature")
        self.sinks = nn.Parameter(torch.zeros(queries)) if rule.get("sinks") else None

    @property
    def output(self):
        return self.o_proj

    def run(self, x, masks, rotations, cache, **kwargs):
        query, key, value = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        if query.shape[-1] % self.head_dim or key.shape[-1] % self.head_dim:
            raise ValueError(
                f"the heads of this model do not divide over so many devices: {query.shape[-1]} columns of queries and"
                f" {key.shape[-1]} of keys on this one, in heads of {self.head_dim}"
            )
        if self.clip is not None:
            query, key, value = (states.clamp(-self.clip, self.clip) for states in (query, key, value))
        if self.q_norm is not None and not self.norms_turned:
            query, key = self.q_norm(query), self.k_norm(key)
        query, key, value = (
            states.unflatten(-1, (-1, self.head_dim)).transpose(1, 2) for states in (query, key, value)
        )
        if self.rotary is not None:
            rotation = rotations[self.rotary_idx]
            query, key = self.rotary[0].turn(query, rotation), self.rotary[0].turn(key, rotation)
        if self.q_norm is not None and self.norms_turned:
            query, key = self.q_norm.of_heads(query), self.k_norm.of_heads(key)
        if self.temperature is not None:
            query = query * temperatures(self.temperature, kwargs["position_ids"])[:, None, :, None].to(query.dtype)
        if cache is not None:
            key, value = cache.update(key, value, self.layer_idx)
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation, eager_attention)
        more = {} if self.softcap is None else {"softcap": self.softcap}
        if self.sinks is not None:
            more["s_aux"] = self.sinks
        result, _ = attend(
            self,
            query,
            key,
            value,
            masks[self.layer_type],
            scaling=self.scaling,
            dropout=0.0,
            sliding_window=self.sliding_window,
            **more,
            **kwargs,
        )
        return self.o_proj(result.flatten(-2))


class FeedForward(Branch):
    """down(act(gate(x)) * up(x)), or down(act(up(x))) without a gate."""

    def __init__(self, config, form):
        super().__init__(config, form)
        rule = form["feed_forward"]
        biases = rule.get("biases", ())
        width = rule["width"]
        self.act = activation_of(rule["activation"])
        gated = rule["gated"]
        self.gate_proj = nn.Linear(config.hidden_size, width, bias="gate_proj" in biases) if gated else None
        self.up_proj = nn.Linear(config.hidden_size, width, bias="up_proj" in biases)
        self.down_proj = Output(width, config.hidden_size, bias="down_proj" in biases)

    @property
    def output(self):
        return self.down_proj

    def run(self, x, **context):
        up = self.up_proj(x)
        if self.gate_proj is None:
            return self.down_proj(self.act(up))
        gate = self.gate_proj(x)
        gated = self.act.gated(gate, up) if isinstance(self.act, ClampedSwish) else self.act(gate) * up
        return self.down_proj(gated)


class Experts(Branch):
    """The feed-forwards to which a router gives the largest scores for a token, each, or what it reads, times its score."""

    def __init__(self, config, form):
        super().__init__(config, form)
        rule = form["experts"]
        self.chosen = rule["chosen"]
        self.normed = rule["normed"]
        self.sigmoid = rule.get("scored") == "sigmoid"
        self.weighs_inputs = rule.get("weighs_inputs", False)
        self.near = rule.get("near")
        # Which experts are chosen has no gradient.
        self.register_buffer("correction", torch.zeros(rule["count"]) if rule.get("correction") else None)
        self.router = nn.Linear(config.hidden_size, rule["count"], bias="router" in rule["expert"].get("biases", ()))
        self.experts = nn.ModuleList(
            FeedForward(config, {"feed_forward": rule["expert"]}) for _ in range(rule["count"])
        )

    def run(self, x, **context):
        tokens = x.flatten(0, -2)
        results = self.router(tokens).float()
        scores = results.sigmoid() if self.sigmoid else results.softmax(dim=-1)
        # A sigmoid rounds large results to one.
        uncorrected = results if self.sigmoid or self.near is not None else scores
        ranked = uncorrected if self.correction is None else scores + self.correction
        chosen = ranked.topk(self.chosen, dim=-1).indices
        weights = scores.gather(-1, chosen) if self.near is None else self.shares(results, chosen)
        if self.normed:
            weights = weights / weights.sum(dim=-1, keepdim=True)
        result = torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            rows, places = torch.where(chosen == number)
            shares = weights[rows, places, None].to(tokens.dtype)
            part = expert(tokens[rows] * shares if self.weighs_inputs else tokens[rows])
            part = part if expert.late_bias is None else part + expert.late_bias
            result = result.index_add(0, rows, part if self.weighs_inputs else part * shares)
        return result.view_as(x)

    def shares(self, results, chosen):
        """Of each expert among those that are not chosen before it and not far below it."""
        weights, left = [], results
        for number in chosen.split(1, dim=-1):
            own = results.gather(-1, number)
            far = own - results > self.near * results.abs().maximum(own)
            weights.append(left.masked_fill(far, float("-inf")).softmax(dim=-1).gather(-1, number))
            left = left.scatter(-1, number, float("-inf"))
        return torch.cat(weights, dim=-1)


class Chain(Branch):
    """Steps on a stream of their own; what they add to it is the result. One-sync groups are made of these."""

    def __init__(self, config, form, rotaries, layer_idx):
        super().__init__(config, form)
        self.steps = nn.ModuleList(Update(config, step, rotaries, layer_idx) for step in form["chain"])

    def forward(self, x, **context):
        added = torch.zeros_like(x)
        for step in self.steps:
            added = added + step.change(x + added, **context)
        return added


def branch_of(config, form, rotaries, layer_idx):
    if "attention" in form:
        return Attention(config, form, rotaries, next(layer_idx))
    if "chain" in form:
        return Chain(config, form, rotaries, layer_idx)
    return Experts(config, form) if "experts" in form else FeedForward(config, form)


class Update(nn.Module):
    """Branches that read the same stream, and their sum."""

    def __init__(self, config, form, rotaries, layer_idx):
        super().__init__()
        self.branches = nn.ModuleList(branch_of(config, branch, rotaries, layer_idx) for branch in form)
        self.sum = nn.Identity()  # the plan of tensor parallelism puts the all-reduce here

    def change(self, x, **context):
        """What is added to the stream. Results that pass through a norm first are summed over the devices each by itself."""
        plain = [branch for branch in self.branches if branch.out_norm is None]
        normed = [branch for branch in self.branches if branch.out_norm is not None]
        parts = [branch(x, **context) for branch in normed]
        if plain:
            parts.append(sum((branch(x, **context) for branch in plain[1:]), plain[0](x, **context)))
        whole = list(self.sum(torch.stack(parts))) if len(parts) > 1 else [self.sum(parts[0])]
        for place, branch in enumerate(normed):
            biased = whole[place] if branch.late_bias is None else whole[place] + branch.late_bias
            whole[place] = branch.out_norm(biased)
        biases = [branch.late_bias for branch in plain if branch.late_bias is not None]
        return sum(whole[1:] + biases, whole[0])


class Step(Update, GradientCheckpointingLayer):
    """x + the sum of the branches of x."""

    def forward(self, x, masks, rotations, cache, **kwargs):
        return x + self.change(x, masks=masks, rotations=rotations, cache=cache, **kwargs)


class TwofoldPreTrainedModel(PreTrainedModel):
    config_class = TwofoldConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    _no_split_modules = ["Step"]
    _skip_keys_device_placement = ["past_key_values", "cache"]
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_sdpa = True
    _can_compile_fullgraph = True
    _supports_attention_backend = True
    _can_record_outputs = {"hidden_states": Step}

    def __init__(self, config, *args, **kwargs):
        # vLLM puts projections of its own in the place of these, and they sum their results themselves.
        if getattr(config, "_attn_implementation", None) == "vllm":
            config.base_model_tp_plan = tensor_parallel_plan(config.twofold["steps"], sum_each=True)
        # torch's scaled_dot_product_attention has no soft cap and no sinks, and would leave them out in silence.
        attentions = [branch.get("attention", {}) for branch in branches_of(config.twofold["steps"])]
        sinks = any(attention.get("sinks") for attention in attentions)
        self._supports_sdpa = not sinks and not any("cap" in attention for attention in attentions)
        # Of flash attention's kernels the second drops sinks, in silence too; none has chunks.
        self._supports_flash_attn = not sinks and not any("attention_chunk" in attention for attention in attentions)
        super().__init__(config, *args, **kwargs)

    def _init_weights(self, module):
        super()._init_weights(module)
        if isinstance(module, Rotary):
            module.inv_freq.copy_(module.frequencies())
        elif isinstance(module, (Norm, HeadNorm)) and not getattr(module.weight, "_is_hf_initialized", False):
            module.weight.data.fill_(1.0)


class TwofoldModel(TwofoldPreTrainedModel):
    """The stream from the embedding to the final norm."""

    def __init__(self, config):
        super().__init__(config)
        decoder = config.twofold
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        learned = decoder.get("learned_positions", False)
        self.embed_positions = nn.Embedding(config.max_position_embeddings, config.hidden_size) if learned else None
        self.embedding_scale = decoder.get("embedding_scale", 1.0)
        self.rotaries = nn.ModuleList(Rotary(form) for form in decoder["rotaries"])
        layer_idx = iter(range(config.num_hidden_layers))
        self.steps = nn.ModuleList(Step(config, form, self.rotaries, layer_idx) for form in decoder["steps"])
        self.norm = Norm(config.hidden_size, decoder["final_norm"])
        self.gradient_checkpointing = False
        self.post_init()

    def get_input_embeddings(self):
        return self.embed_tokens

    def set_input_embeddings(self, embedding):
        self.embed_tokens = embedding

    @capture_outputs
    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        position_ids=None,
        cache=None,
        past_key_values=None,
        inputs_embeds=None,
        use_cache=None,
        **kwargs,
    ):
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give one of input_ids and inputs_embeds")
        cache = past_key_values if cache is None else cache
        if inputs_embeds is None:
            inputs_embeds = self.embed_tokens(input_ids)
        # Steps that are run again for their gradients would write to the cache twice.
        repeated = self.gradient_checkpointing and self.training and torch.is_grad_enabled()
        use_cache = not repeated and (self.config.use_cache if use_cache is None else use_cache)
        if not use_cache:
            cache = None
        elif cache is None:
            cache = DynamicCache(config=self.config)
        past = 0 if cache is None else cache.get_seq_length()
        if position_ids is None:
            position_ids = positions(attention_mask, past, inputs_embeds)
        x = inputs_embeds * self.embedding_scale if self.embedding_scale != 1.0 else inputs_embeds
        if self.embed_positions is not None:
            x = x + self.embed_positions(position_ids)
        masks = attention_mask if isinstance(attention_mask, dict) else self.masks(x, attention_mask, cache, position_ids)
        rotations = [rotary(position_ids, x.dtype) for rotary in self.rotaries]
        for step in self.steps:
            x = step(x, masks, rotations, cache, position_ids=position_ids, **kwargs)
        return BaseModelOutputWithPast(last_hidden_state=self.norm(x), **{CACHE: cache})

    def masks(self, x, attention_mask, cache, position_ids):
        """A mask for each kind of attention that the model has."""
        makers = {
            "full_attention": create_causal_mask,
            "sliding_attention": create_sliding_window_causal_mask,
            "chunked_attention": create_chunked_causal_mask,
        }
        return {
            kind: makers[kind](
                config=self.config,
                inputs_embeds=x,
                attention_mask=attention_mask,
                position_ids=position_ids,
                **{CACHE: cache},
            )
            for kind in sorted(set(self.config.layer_types))
        }


def positions(attention_mask, past, inputs_embeds):
    """The place of each token among those that the mask shows; padding has place 0."""
    length = inputs_embeds.shape[1]
    if isinstance(attention_mask, torch.Tensor) and attention_mask.dim() == 2:
        places = (attention_mask.long().cumsum(dim=-1) - 1).clamp(min=0)
        return places[:, -length:]
    return torch.arange(past, past + length, device=inputs_embeds.device)[None]


class TwofoldForCausalLM(TwofoldPreTrainedModel, GenerationMixin):
    """The decoder and its head."""

    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}
    _tp_plan = {"lm_head": "colwise_gather_output"}

    def __init__(self, config):
        super().__init__(config)
        self.model = TwofoldModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=bool(config.twofold.get("head_bias")))
        self.logit_cap = config.twofold.get("logit_cap")
        self.post_init()

    @can_return_tuple
    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        position_ids=None,
        cache=None,
        past_key_values=None,
        inputs_embeds=None,
        labels=None,
        use_cache=None,
        logits_to_keep=0,
        **kwargs,
    ):
        outputs = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            cache=past_key_values if cache is None else cache,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            **kwargs,
        )
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(outputs.last_hidden_state[:, kept])
        if self.logit_cap is not None:
            logits = self.logit_cap * torch.tanh(logits / self.logit_cap)
        loss = None
        if labels is not None:
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=self.config.vocab_size, **kwargs)
        return CausalLMOutputWithPast(
            loss=loss, logits=logits, hidden_states=outputs.hidden_states, **{CACHE: getattr(outputs, CACHE)}
        )
