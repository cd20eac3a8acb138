package dev.twofold.target.transformers;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.Rotary;
import dev.twofold.stepwise.NamedWeight;
import dev.twofold.target.transformers.PlainLayers.Layer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Layers of one shape, as a checkpoint of a family that every runtime knows. */
record PlainForm(PlainLayers layers, PlainArchitecture family) implements CheckpointForm {

    static Optional<PlainForm> of(Decoder decoder) {
        return PlainLayers.of(decoder)
                .flatMap(layers -> PlainArchitecture.of(layers).map(family -> new PlainForm(layers, family)));
    }

    @Override
    public String architecture() {
        return family.className();
    }

    @Override
    public boolean bringsCode() {
        return false;
    }

    /** In the keys of transformers 4, which later versions and other runtimes read too. */
    @Override
    public ObjectNode config() {
        Decoder decoder = layers.decoder();
        ModelFacts facts = decoder.facts();
        PlainLayers.Shape shape = layers.shape();
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        config.putArray("architectures").add(family.className());
        config.put("model_type", family.modelType());
        CheckpointForm.putCommon(config, facts, decoder.precision());
        config.put("vocab_size", facts.vocabularySize());
        config.put("hidden_size", facts.hiddenSize());
        config.put("intermediate_size", shape.width());
        config.put("num_hidden_layers", layers.layers().size());
        config.put("num_attention_heads", shape.heads());
        config.put("num_key_value_heads", shape.kvHeads());
        if ((long) shape.heads() * shape.headSize() != facts.hiddenSize()
                || family == PlainArchitecture.QWEN3
                || family == PlainArchitecture.MISTRAL) {
            config.put("head_dim", shape.headSize());
        }
        config.put("hidden_act", "silu");
        config.put("max_position_embeddings", facts.contextLength());
        config.put("rms_norm_eps", shape.epsilon());
        config.put("tie_word_embeddings", decoder.tied());
        config.put("rope_theta", shape.rotary().theta());
        putScaling(config, shape.rotary().scaling());
        family.put(layers, config);
        return config;
    }

    private static void putScaling(ObjectNode config, Rotary.Scaling scaling) {
        if (scaling instanceof Rotary.LinearScaling linear) {
            ObjectNode own = config.putObject("rope_scaling");
            own.put("rope_type", "linear");
            own.put("factor", linear.factor());
        } else if (scaling instanceof Rotary.Llama3Scaling blended) {
            ObjectNode own = config.putObject("rope_scaling");
            own.put("rope_type", "llama3");
            own.put("factor", blended.factor());
            own.put("low_freq_factor", blended.lowFactor());
            own.put("high_freq_factor", blended.highFactor());
            own.put("original_max_position_embeddings", blended.originalPositions());
        }
    }

    @Override
    public List<NamedWeight> weights() {
        Decoder decoder = layers.decoder();
        List<NamedWeight> weights = new ArrayList<>();
        weights.add(
                new NamedWeight("model.embed_tokens.weight", decoder.embedding().table()));
        for (int number = 0; number < layers.layers().size(); number++) {
            add(weights, "model.layers." + number + ".", layers.layers().get(number));
        }
        weights.add(new NamedWeight("model.norm.weight", decoder.finalNorm().gain()));
        if (!decoder.tied()) {
            weights.add(new NamedWeight("lm_head.weight", decoder.head().weight()));
        }
        return weights;
    }

    private static void add(List<NamedWeight> weights, String prefix, Layer layer) {
        weights.add(new NamedWeight(
                prefix + "input_layernorm.weight", layer.attentionNorm().gain()));
        add(weights, prefix + "self_attn.q_proj", layer.attention().query());
        add(weights, prefix + "self_attn.k_proj", layer.attention().key());
        add(weights, prefix + "self_attn.v_proj", layer.attention().value());
        int headSize = layer.attention().headSize();
        layer.attention().norms().ifPresent(both -> {
            add(weights, prefix + "self_attn.q_norm", both.query(), headSize);
            add(weights, prefix + "self_attn.k_norm", both.key(), headSize);
        });
        add(weights, prefix + "self_attn.o_proj", layer.attention().output());
        weights.add(new NamedWeight(
                prefix + "post_attention_layernorm.weight",
                layer.feedForwardNorm().gain()));
        layer.feedForward().gate().ifPresent(gate -> add(weights, prefix + "mlp.gate_proj", gate));
        add(weights, prefix + "mlp.up_proj", layer.feedForward().up());
        add(weights, prefix + "mlp.down_proj", layer.feedForward().down());
    }

    private static void add(List<NamedWeight> weights, String module, Linear linear) {
        weights.add(new NamedWeight(module + ".weight", linear.weight()));
        linear.bias().ifPresent(bias -> weights.add(new NamedWeight(module + ".bias", bias)));
    }

    private static void add(List<NamedWeight> weights, String module, Norm norm, int headSize) {
        weights.add(new NamedWeight(
                module + ".weight", QueryKeyNorm.shared(norm, headSize).orElseThrow()));
    }
}
