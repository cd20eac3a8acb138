"""The layouts of every family."""

import re

import gguf

from layout import Experts, Layout, Woven, one_more, same, stack, woven


class Mixtral(Experts):
    pattern, router = "block_sparse_moe.experts.{expert}.{part}", "block_sparse_moe.gate"
    count, width = "num_local_experts", False
    parts = {"gate": "w1", "up": "w3", "down": "w2"}


class Gemma(Layout):
    gain = staticmethod(one_more)


class Windowed(Gemma):
    def keys(self, writer, config):
        super().keys(writer, config)
        writer.add_sliding_window(config["sliding_window"])
        for key in ("attn", "final"):
            if config.get(f"{key}_logit_softcapping"):
                getattr(writer, f"add_{key}_logit_softcapping")(config[f"{key}_logit_softcapping"])


class Alternating(Layout):
    """Layers with a window and layers without, as OLMo 3 and EXAONE 4 have them."""

    def keys(self, writer, config):
        super().keys(writer, config)
        if config.get("sliding_window"):
            writer.add_sliding_window(config["sliding_window"])
            writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in config["layer_types"]])


class Exaone(Layout):
    prefix = "transformer.h.{layer}."
    top = {"token_embd": "transformer.wte", "output_norm": "transformer.ln_f", "output": "lm_head"}
    layer = {
        "attn_norm": "ln_1",
        "attn_q": "attn.attention.q_proj",
        "attn_k": "attn.attention.k_proj",
        "attn_v": "attn.attention.v_proj",
        "attn_output": "attn.attention.out_proj",
        "ffn_norm": "ln_2",
        "ffn_gate": "mlp.c_fc_0",
        "ffn_up": "mlp.c_fc_1",
        "ffn_down": "mlp.c_proj",
    }

    def keys(self, writer, config):
        writer.add_layer_norm_rms_eps(config["layer_norm_epsilon"])


class Glm(Layout):
    fraction = "partial_rotary_factor"


class Nemotron(Gemma):
    fraction = "partial_rotary_factor"

    def both(self, ours, theirs, weights, change):
        """Biases of norms are as they are."""
        for name, parts, own in super().both(ours, theirs, weights, change):
            yield name, parts, own if name.endswith(".weight") else same

    def keys(self, writer, config):
        writer.add_layer_norm_eps(config["norm_eps"])


class Hunyuan(Layout):
    """What stretches the base is in the base."""

    def theta_of(self, config, size):
        return config["rope_theta"] * config["rope_scaling"]["alpha"] ** (size / (size - 2))


class HunyuanExperts(Experts, Hunyuan):
    pattern, router, width = "mlp.experts.{expert}.{part}_proj", "mlp.gate.wg", False

    def keys(self, writer, config):
        Layout.keys(self, writer, config)
        writer.add_expert_count(config["num_experts"])
        writer.add_expert_used_count(config["moe_topk"][0])
        writer.add_expert_shared_count(1)
        writer.add_expert_feed_forward_length(config["intermediate_size"])
        writer.add_expert_shared_feed_forward_length(config["intermediate_size"])


class ErnieExperts(Experts):
    """Layers without experts first; some experts that every token gets, in one another's rows."""

    count = "moe_num_experts"

    def __init__(self, architecture):
        super().__init__(architecture)
        shared = {f"ffn_{part}_shexp": f"mlp.shared_experts.{part}_proj" for part in self.parts}
        dense = {f"ffn_{part}": f"mlp.{part}_proj" for part in self.parts}
        self.named(**shared, **dense)

    def keys(self, writer, config):
        Layout.keys(self, writer, config)
        writer.add_expert_count(config["moe_num_experts"])
        writer.add_expert_used_count(config["moe_k"])
        writer.add_interleave_moe_layer_step(config["moe_layer_interval"])
        writer.add_leading_dense_block_count(config["moe_layer_start_index"])
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
        writer.add_expert_shared_count(config["moe_num_shared_experts"])
        writer.add_expert_shared_feed_forward_length(config["intermediate_size"] // config["num_key_value_heads"])

    def more(self, config, weights, layer, heads, kv_heads, size):
        if layer >= config["moe_layer_start_index"]:
            yield from super().more(config, weights, layer, heads, kv_heads, size)
            name = self.prefix.format(layer=layer) + "mlp.moe_statics.e_score_correction_bias"
            yield f"blk.{layer}.exp_probs_b.bias", [name], lambda values: values[0]


class Olmoe(Experts):
    width = False


class GraniteExperts(Experts):
    """All experts in two tensors, in one of which gates come before ups."""

    router, count, width = "block_sparse_moe.router.layer", "num_local_experts", False

    def keys(self, writer, config):
        super().keys(writer, config)
        multipliers(writer, config)

    def more(self, config, weights, layer, heads, kv_heads, size):
        name, width = self.prefix.format(layer=layer) + "block_sparse_moe.", config["intermediate_size"]
        both, block = [name + "input_linear.weight"], f"blk.{layer}."
        yield block + "ffn_gate_exps.weight", both, lambda values: values[:, :width]
        yield block + "ffn_up_exps.weight", both, lambda values: values[:, width:]
        yield block + "ffn_down_exps.weight", [name + "output_linear.weight"], same


class GptOss(Layout):
    """Gates and ups of all experts in turn, in transposed tensors."""

    def keys(self, writer, config):
        super().keys(writer, config)
        writer.add_sliding_window(config["sliding_window"])
        writer.add_expert_count(config["num_local_experts"])
        writer.add_expert_used_count(config["num_experts_per_tok"])
        writer.add_expert_feed_forward_length(config["intermediate_size"])
        writer.add_rope_scaling_yarn_beta_fast(config["rope_scaling"]["beta_fast"])
        writer.add_rope_scaling_yarn_beta_slow(config["rope_scaling"]["beta_slow"])

    def more(self, config, weights, layer, heads, kv_heads, size):
        name, block = self.prefix.format(layer=layer), f"blk.{layer}."
        experts = name + "mlp.experts."
        yield block + "attn_sinks.weight", [name + "self_attn.sinks"], same
        for first, ours in enumerate(("gate", "up")):
            both, biases = [experts + "gate_up_proj"], [experts + "gate_up_proj_bias"]
            yield f"{block}ffn_{ours}_exps.weight", both, lambda values, n=first: values[..., n::2].swapaxes(1, 2)
            yield f"{block}ffn_{ours}_exps.bias", biases, lambda values, n=first: values[..., n::2]
        yield block + "ffn_down_exps.weight", [experts + "down_proj"], lambda values: values.swapaxes(1, 2)
        yield block + "ffn_down_exps.bias", [experts + "down_proj_bias"], same


def multipliers(writer, config):
    """Granite's."""
    writer.add_attention_scale(config["attention_multiplier"])
    writer.add_embedding_scale(config["embedding_multiplier"])
    writer.add_residual_scale(config["residual_multiplier"])
    writer.add_logit_scale(config["logits_scaling"])


class Granite(Woven):
    def keys(self, writer, config):
        super().keys(writer, config)
        multipliers(writer, config)


class MiniCpm(Woven):
    """Multipliers as they are, not what they are made of."""

    def keys(self, writer, config):
        super().keys(writer, config)
        writer.add_embedding_scale(config["scale_emb"])
        writer.add_residual_scale(config["scale_depth"] / config["num_hidden_layers"] ** 0.5)
        writer.add_logit_scale(config["hidden_size"] / config["dim_model_base"])


class MiniMax(Mixtral):
    def keys(self, writer, config):
        super().keys(writer, config)
        writer.add_expert_feed_forward_length(config["intermediate_size"])
        writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)

    def turning(self, config, size):
        return config["rotary_dim"]

    def more(self, config, weights, layer, heads, kv_heads, size):
        yield from super().more(config, weights, layer, heads, kv_heads, size)
        name = self.prefix.format(layer=layer) + "block_sparse_moe.e_score_correction_bias"
        yield f"blk.{layer}.exp_probs_b.bias", [name], same


class Phi(Layout):
    fraction = "partial_rotary_factor"

    def keys(self, writer, config):
        super().keys(writer, config)
        writer.add_sliding_window(config["sliding_window"] or 0)


class Mean(Layout):
    """LayerNorm."""

    epsilon = "layer_norm_eps"

    def keys(self, writer, config):
        writer.add_layer_norm_eps(config[self.epsilon])


class StarCoder(Mean):
    epsilon = "norm_epsilon"

    def keys(self, writer, config):
        super().keys(writer, config)
        # llama.cpp has no windows for this architecture, and its converter does not write the key.
        writer.add_sliding_window(config["sliding_window"])


class Cohere(Mean):
    theta = 500000.0

    def keys(self, writer, config):
        super().keys(writer, config)
        writer.add_logit_scale(config["logit_scale"])
        if "sliding_window" in config:
            writer.add_sliding_window(config["sliding_window"])


class StableLm(Mean):
    fraction, parallel = "partial_rotary_factor", False

    def keys(self, writer, config):
        super().keys(writer, config)
        writer.add_parallel_residual(config.get("use_parallel_residual", self.parallel))

    def more(self, config, weights, layer, heads, kv_heads, size):
        if config.get("qk_layernorm"):
            for ours, theirs, count in (("q", "q_layernorm", heads), ("k", "k_layernorm", kv_heads)):
                names = [f"model.layers.{layer}.self_attn.{theirs}.norms.{head}.weight" for head in range(count)]
                yield f"blk.{layer}.attn_{ours}_norm.weight", names, stack


class NeoX(Mean):
    fraction, parallel, prefix = "rotary_pct", True, "gpt_neox.layers.{layer}."
    top = {"token_embd": "gpt_neox.embed_in", "output_norm": "gpt_neox.final_layer_norm", "output": "embed_out"}
    layer = {
        "attn_norm": "input_layernorm",
        "attn_qkv": "attention.query_key_value",
        "attn_output": "attention.dense",
        "ffn_norm": "post_attention_layernorm",
        "ffn_up": "mlp.dense_h_to_4h",
        "ffn_down": "mlp.dense_4h_to_h",
    }

    def keys(self, writer, config):
        super().keys(writer, config)
        writer.add_parallel_residual(config.get("use_parallel_residual", self.parallel))

    def ignored(self, name):
        return bool(re.search(r"attention\.(bias|masked_bias)$|rotary_emb", name))

    def change(self, ours, heads, kv_heads):
        """All queries, then all keys, then all values, in place of one head after the other."""

        def stacked(values):
            rows = values.reshape(heads, 3, values.shape[0] // heads // 3, *values.shape[1:])
            return rows.swapaxes(0, 1).reshape(values.shape)

        return stacked if ours == "attn_qkv" else super().change(ours, heads, kv_heads)


class InternLm(Woven):
    top = {"token_embd": "model.tok_embeddings", "output_norm": "model.norm", "output": "output"}
    layer = {
        "attn_norm": "attention_norm",
        "attn_output": "attention.wo",
        "ffn_norm": "ffn_norm",
        "ffn_gate": "feed_forward.w1",
        "ffn_up": "feed_forward.w3",
        "ffn_down": "feed_forward.w2",
    }

    def more(self, config, weights, layer, heads, kv_heads, size):
        """Query, key and value out of one matrix, KV head by KV head."""
        name, per = f"model.layers.{layer}.attention.wqkv.weight", heads // kv_heads

        def part(begin, end, count, weave):
            def change(values):
                groups = values.reshape(kv_heads, per + 2, size, -1)[:, begin:end]
                rows = groups.reshape(count * size, -1)
                return woven(count)(rows) if weave else rows

            return change

        yield f"blk.{layer}.attn_q.weight", [name], part(0, per, heads, True)
        yield f"blk.{layer}.attn_k.weight", [name], part(per, per + 1, kv_heads, True)
        yield f"blk.{layer}.attn_v.weight", [name], part(per + 1, per + 2, kv_heads, False)


HEAD_NORMS = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
TURNED_NORMS = {"attn_q_norm": "self_attn.query_layernorm", "attn_k_norm": "self_attn.key_layernorm"}
SHARED_EXPERT = {f"ffn_{part}_shexp": f"mlp.shared_mlp.{part}_proj" for part in ("gate", "up", "down")}
SANDWICH = {"post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm",
            "post_ffw_norm": "post_feedforward_layernorm"}
AFTER = {"attn_norm": None, "ffn_norm": None, "post_attention_norm": "post_attention_layernorm",
         "post_ffw_norm": "post_feedforward_layernorm", **HEAD_NORMS}
FUSED = {"attn_q": None, "attn_k": None, "attn_v": None, "attn_qkv": "self_attn.qkv_proj", "ffn_gate": None,
         "ffn_up": "mlp.gate_up_proj"}

LAYOUTS = {
    "llama2": Woven("llama"),
    "llama3.1": Woven("llama"),
    "llama3.2": Woven("llama"),
    "mixtral": Mixtral("llama", weave=True),
    "smollm3": Woven("smollm3"),
    "qwen2": Layout("qwen2"),
    "qwen3": Layout("qwen3").named(**HEAD_NORMS),
    "qwen3_moe": Experts("qwen3moe").named(**HEAD_NORMS),
    "phi3": Phi("phi3").named(**FUSED),
    "phi3-longrope": Phi("phi3").named(**FUSED),
    "phi4-mini": Phi("phi3").named(**FUSED),
    "internlm2": InternLm("internlm2"),
    "granite": Granite("granite"),
    "gemma": Gemma("gemma"),
    "gemma2": Windowed("gemma2").named(**SANDWICH),
    "gemma3": Windowed("gemma3").named(**SANDWICH, **HEAD_NORMS),
    "olmo2": Alternating("olmo2").named(**AFTER),
    "olmo3": Alternating("olmo2").named(**AFTER),
    "starcoder2": StarCoder("starcoder2").named(ffn_gate=None, ffn_up="mlp.c_fc", ffn_down="mlp.c_proj"),
    "stablelm": StableLm("stablelm"),
    "stablelm-12b": StableLm("stablelm").named(ffn_norm=None),
    "gpt_neox": NeoX("gptneox"),
    "gpt_neox-sequential": NeoX("gptneox"),
    "cohere": Cohere("command-r").named(ffn_norm=None),
    "cohere-plus": Cohere("command-r").named(ffn_norm=None, **HEAD_NORMS),
    "cohere2": Cohere("cohere2").named(ffn_norm=None),
    "exaone": Exaone("exaone"),
    "exaone4": Alternating("exaone4").named(**AFTER),
    "exaone4-full": Alternating("exaone4").named(**AFTER),
    "ernie4_5": Layout("ernie4_5"),
    "ernie4_5_moe": ErnieExperts("ernie4_5-moe"),
    "seed_oss": Layout("seed_oss").named(ffn_norm=None, post_attention_norm="post_attention_layernorm"),
    "glm": Glm("chatglm").named(ffn_gate=None, ffn_up="mlp.gate_up_proj"),
    "glm4": Glm("glm4").named(ffn_gate=None, ffn_up="mlp.gate_up_proj", post_attention_norm="post_self_attn_layernorm",
                              post_ffw_norm="post_mlp_layernorm"),
    "arcee": Woven("arcee").named(ffn_gate=None),
    "nemotron": Nemotron("nemotron").named(ffn_gate=None),
    "hunyuan_v1_dense": Hunyuan("hunyuan-dense").named(**TURNED_NORMS),
    "hunyuan_v1_moe": HunyuanExperts("hunyuan-moe").named(**TURNED_NORMS, **SHARED_EXPERT),
    "granitemoe": GraniteExperts("granitemoe", weave=True),
    "minicpm": MiniCpm("minicpm"),
    "minimax_m2": MiniMax("minimax-m2").named(**HEAD_NORMS),
    "olmoe": Olmoe("olmoe").named(**HEAD_NORMS),
    "gpt_oss": GptOss("gpt-oss").named(ffn_gate=None, ffn_up=None, ffn_down=None, ffn_norm=None,
                                       post_attention_norm="post_attention_layernorm", ffn_gate_inp="mlp.router"),
}  # fmt: skip
