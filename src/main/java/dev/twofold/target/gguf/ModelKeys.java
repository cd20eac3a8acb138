package dev.twofold.target.gguf;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Routing.Score;
import dev.twofold.gguf.HeaderWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The keys of a file's metadata that say what the model computes. */
record ModelKeys(Form form) {

    static final String WINDOW = "attention.sliding_window";
    static final String PATTERN = "attention.sliding_window_pattern";
    static final String SCORE_SCALE = "attention.scale";
    static final String SCORE_CAP = "attn_logit_softcapping";
    static final String LOGIT_CAP = "final_logit_softcapping";
    static final String LOCAL_THETA = "rope.freq_base_swa";
    static final String LAYER_EPSILON = "attention.layer_norm_epsilon";
    private static final String RMS_EPSILON = "attention.layer_norm_rms_epsilon";
    private static final String GATING = "expert_gating_func";
    private static final String KEY_LENGTH = "attention.key_length";

    void write(HeaderWriter header) {
        Decoder decoder = form.decoder();
        header.whole(key("block_count"), form.blocks().size());
        header.whole(key("context_length"), form.context());
        header.whole(key("embedding_length"), decoder.facts().hiddenSize());
        header.whole(key("vocab_size"), decoder.facts().vocabularySize());
        sizes(header);
        epsilon(header);
        windows(header);
        Optional<Rotary> rotary = rotary();
        rotary.ifPresent(positions -> positions(key(""), positions).write(header));
        multipliers(header);
        experts().ifPresent(experts -> experts(header, experts));
        if (form.says("use_parallel_residual")) {
            header.flag(key("use_parallel_residual"), decoder.facts().stepsPerLayer() == 1);
        }
    }

    private String key(String name) {
        return form.name() + "." + name;
    }

    private void sizes(HeaderWriter header) {
        Attention first = form.first();
        perBlock(header, "feed_forward_length", block ->
                (int) block.feedForward().body().width());
        perBlock(header, "attention.head_count", block -> block.heads().heads());
        perBlock(header, "attention.head_count_kv", block -> block.heads().kvHeads());
        if (form.uneven() || form.says(KEY_LENGTH)) {
            header.whole(key(KEY_LENGTH), first.headSize());
            header.whole(key("attention.value_length"), first.headSize());
        }
    }

    private void perBlock(HeaderWriter header, String name, Function<Block, Integer> size) {
        List<Integer> sizes = form.blocks().stream().map(size).toList();
        if (form.uneven()) {
            header.wholes(key(name), sizes);
        } else {
            header.whole(key(name), sizes.get(0));
        }
    }

    private void epsilon(HeaderWriter header) {
        Norm norm = form.decoder().finalNorm();
        header.real(key(norm.kind() == Norm.Kind.RMS ? RMS_EPSILON : LAYER_EPSILON), norm.epsilon());
    }

    private void windows(HeaderWriter header) {
        Windows windows = new Windows(form);
        if (!form.says(WINDOW) || form.window().isEmpty()) {
            return;
        }
        header.whole(key(WINDOW), form.window().orElseThrow());
        if (form.says(PATTERN)) {
            windows.period()
                    .ifPresentOrElse(
                            period -> header.whole(key(PATTERN), period),
                            () -> header.flags(key(PATTERN), windows.flags()));
        }
    }

    /** Of the blocks that see everything, if there are any: the others' base is a key of its own. */
    Optional<Rotary> rotary() {
        return form.blocks().stream()
                .map(block -> block.heads().rule())
                .filter(rule -> rule.slidingWindow().isEmpty())
                .flatMap(rule -> rule.rotary().stream())
                .findFirst()
                .or(() -> Holding.rotary(form.blocks()));
    }

    /** What says them, in keys that begin with a prefix or in tensors. */
    RotaryKeys positions(String prefix, Rotary rotary) {
        return new RotaryKeys(prefix, rotary, form.architecture().yarnInFractions());
    }

    private void multipliers(HeaderWriter header) {
        Decoder decoder = form.decoder();
        if (form.says(SCORE_SCALE)) {
            header.real(key(SCORE_SCALE), form.first().rule().scale());
        }
        if (form.says(SCORE_CAP)) {
            form.first().rule().cap().ifPresent(cap -> header.real(key(SCORE_CAP), cap));
        }
        if (form.says(LOGIT_CAP)) {
            decoder.logitCap().ifPresent(cap -> header.real(key(LOGIT_CAP), cap));
        }
        if (form.says("embedding_scale")) {
            header.real(key("embedding_scale"), decoder.embedding().scale());
        }
        // What branches and logits are multiplied by is in their weights and in the final norm.
        for (String folded : List.of("residual_scale", "logit_scale")) {
            if (form.says(folded)) {
                header.real(key(folded), 1);
            }
        }
        if (form.says(LOCAL_THETA)) {
            form.blocks().stream()
                    .map(block -> block.heads().rule())
                    .filter(rule -> rule.slidingWindow().isPresent())
                    .flatMap(rule -> rule.rotary().stream())
                    .findFirst()
                    .ifPresent(local -> header.real(key(LOCAL_THETA), local.theta()));
        }
    }

    private Optional<Experts> experts() {
        return form.blocks().get(0).feedForward().body().mixture();
    }

    private void experts(HeaderWriter header, Experts experts) {
        header.whole(key("expert_count"), experts.experts().size());
        header.whole(key("expert_used_count"), experts.routing().chosen());
        if (form.says(GATING)) {
            header.whole(key(GATING), experts.routing().score() == Score.SIGMOID ? 2 : 1);
        }
        if (form.says("expert_feed_forward_length")) {
            header.whole(key("expert_feed_forward_length"), experts.width());
        }
    }
}
