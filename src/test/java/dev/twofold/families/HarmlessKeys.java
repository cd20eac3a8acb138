package dev.twofold.families;

import java.util.Set;

/** Keys of config.json that say nothing of what a model computes, in any family. */
final class HarmlessKeys {

    /** Another value of these changes nothing in a trained model that runs forward, and is no reason to refuse it. */
    static final Set<String> ALL = Set.of(
            "architectures",
            "attention_dropout",
            "attn_implementation",
            "attn_pdrop",
            "auto_map",
            "cache_implementation",
            "classifier_dropout",
            "dropout",
            "embd_pdrop",
            "embed_dropout",
            "embedding_dropout",
            "for_llm_compressor",
            "gradient_checkpointing",
            "hidden_dropout",
            "init_std",
            "initializer_range",
            "layerdrop",
            "n_ctx",
            "output_router_logits",
            "pretraining_tp",
            "resid_dropout",
            "resid_pdrop",
            "residual_dropout",
            "router_aux_loss_coef",
            "router_jitter_noise",
            "summary_activation",
            "summary_first_dropout",
            "summary_proj_to_labels",
            "summary_type",
            "summary_use_proj",
            "task_specific_params",
            "torch_dtype",
            "transformers_version",
            "use_cache");

    private HarmlessKeys() {}
}
