"""How llama.cpp has tensors: names, order of rows, what is one tensor and what is several. Llama, and what is like it."""

import numpy as np

from llama_names import OF_A_LAYER, WHOLE


def same(values):
    return values


def one_more(values):
    """Gains that are kept as their difference from one are whole in GGUF."""
    return values + np.float32(1)


def woven(heads):
    """Rows of a head in pairs that turn together, in place of two halves."""

    def change(values):
        rows = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
        return rows.swapaxes(1, 2).reshape(values.shape)

    return change


def stack(*parts):
    return np.stack(parts)


class Layout:
    """Llama and what is like it. Names are without `.weight` and `.bias`, which go along."""

    fraction, theta = "", 10000.0
    weave, gain = False, staticmethod(same)
    top = WHOLE
    prefix = "model.layers.{layer}."
    layer = OF_A_LAYER

    def __init__(self, architecture):
        self.architecture = architecture

    def keys(self, writer, config):
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])

    def theta_of(self, config, size):
        return config.get("rope_theta", config.get("rotary_emb_base", self.theta))

    def turning(self, config, size):
        """Elements of a head."""
        return int(size * config.get(self.fraction, 1)) if self.fraction else size

    def ignored(self, name):
        return name.endswith("rotary_emb.inv_freq")

    def change(self, ours, heads, kv_heads):
        if ours.endswith("norm"):
            return self.gain
        if self.weave and ours in ("attn_q", "attn_k"):
            return woven(heads if ours == "attn_q" else kv_heads)
        return same

    def tensors(self, config, weights, layers, heads, kv_heads, size):
        for ours, theirs in self.top.items():
            yield from self.both(ours, theirs, weights, self.change(ours, heads, kv_heads))
        for layer in range(layers):
            for ours, theirs in self.layer.items():
                name = self.prefix.format(layer=layer) + theirs
                yield from self.both(f"blk.{layer}.{ours}", name, weights, self.change(ours, heads, kv_heads))
            yield from self.more(config, weights, layer, heads, kv_heads, size)

    def both(self, ours, theirs, weights, change):
        for kind in (".weight", ".bias"):
            if theirs + kind in weights:
                yield ours + kind, [theirs + kind], change

    def more(self, config, weights, layer, heads, kv_heads, size):
        return ()

    def named(self, **names):
        self.layer = {**self.layer, **{ours: theirs for ours, theirs in names.items() if theirs}}
        for ours in [ours for ours, theirs in names.items() if not theirs]:
            del self.layer[ours]
        return self


class Woven(Layout):
    weave = True


class Experts(Layout):
    """Experts of a layer in one tensor."""

    pattern, router, count, width = "mlp.experts.{expert}.{part}_proj", "mlp.gate", "num_experts", True

    def __init__(self, architecture, weave=False):
        super().__init__(architecture)
        self.weave = weave
        self.named(ffn_gate=None, ffn_up=None, ffn_down=None, ffn_gate_inp=self.router)

    parts = {"gate": "gate", "up": "up", "down": "down"}

    def keys(self, writer, config):
        super().keys(writer, config)
        writer.add_expert_count(config[self.count])
        writer.add_expert_used_count(config["num_experts_per_tok"])
        if self.width:
            writer.add_expert_feed_forward_length(config["moe_intermediate_size"])

    def more(self, config, weights, layer, heads, kv_heads, size):
        for ours, theirs in self.parts.items():
            names = [
                self.prefix.format(layer=layer) + self.pattern.format(expert=expert, part=theirs) + ".weight"
                for expert in range(config[self.count])
            ]
            yield f"blk.{layer}.ffn_{ours}_exps.weight", names, stack
