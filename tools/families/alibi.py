"""The config.json of tiny checkpoints with positions by a bias on scores, in the keys that published ones carry; see configs.py.

Heads are six or twelve, no power of two: the slopes of those beyond lie between the others. Those of twelve are no numbers of bfloat16.
"""

from configs import NO_DROPOUT, family, without

BLOOM = {
    **NO_DROPOUT, "apply_residual_connection_post_layernorm": False, "attention_softmax_in_fp32": True, "bias_dropout_fusion": True,
    "hidden_dropout": 0.0, "layer_norm_epsilon": 1e-5, "masked_softmax_fusion": True, "n_embed": 48, "n_inner": None, "n_layer": 4,
    "num_attention_heads": 6, "offset_alibi": 100, "pad_token_id": 3, "pretraining_tp": 2, "seq_length": 256, "skip_bias_add": True,
    "skip_bias_add_qkv": False, "slow_but_exact": False, "unk_token_id": 0,
}
# A limit that bites.
MPT = {
    "attn_config": {"alibi": True, "alibi_bias_max": 8, "attn_impl": "torch", "attn_pdrop": 0, "attn_type": "multihead_attention",
                    "attn_uses_sequence_id": False, "clip_qkv": 1.5, "prefix_lm": False, "qk_ln": False, "softmax_scale": None},
    "d_model": 48, "emb_pdrop": 0, "embedding_fraction": 1.0, "expansion_ratio": 4, "init_config": {"name": "kaiming_normal_"},
    "init_device": "cpu", "learned_pos_emb": True, "logit_scale": None, "max_seq_len": 256, "n_heads": 6, "n_layers": 4, "no_bias": True,
    "norm_type": "low_precision_layernorm", "resid_pdrop": 0, "tokenizer_name": "EleutherAI/gpt-neox-20b", "verbose": 0,
}
FALCON_RW = {
    **NO_DROPOUT, "hidden_size": 96, "num_attention_heads": 12, "num_hidden_layers": 2, "alibi": True,
    "apply_residual_connection_post_layernorm": False, "bias": True, "hidden_dropout": 0.0, "layer_norm_epsilon": 1e-5, "multi_query": False,
    "new_decoder_architecture": False, "parallel_attn": False,
}


def own(name, model_type, architecture, keys):
    """Without the names of sizes that these families have their own for."""
    name, config = family(name, model_type, architecture, keys)
    return name, without(config, "num_hidden_layers", "max_position_embeddings")


FAMILIES = dict([
    own("bloom", "bloom", "BloomForCausalLM", BLOOM),
    own("mpt", "mpt", "MPTForCausalLM", MPT),
])

VARIANTS = dict([
    family("falcon-rw", "falcon", "FalconForCausalLM", FALCON_RW),
])
