package dev.twofold.checkpoint;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.tensor.Precision;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Stored;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Builds the decoder of a Llama checkpoint from its config and the headers of its tensors. */
final class LlamaReader {

    /** Buffers that old checkpoints store although they follow from the config. */
    private static final String ROTARY_BUFFER = ".rotary_emb.inv_freq";

    private final Path directory;
    private final LlamaConfig config;
    private final Path defaultFile;
    private final Map<String, Stored> unused;

    private LlamaReader(Path directory, LlamaConfig config, TensorIndex index) {
        this.directory = directory;
        this.config = config;
        this.defaultFile = index.files().get(0);
        this.unused = new TreeMap<>(index.tensors());
    }

    /** @throws TwofoldException of kind INPUT if a tensor is missing, unused, or of the wrong shape or type */
    static Decoder read(Path directory, LlamaConfig config, TensorIndex index, List<Integer> endTokens) {
        return new LlamaReader(directory, config, index).read(endTokens);
    }

    private Decoder read(List<Integer> endTokens) {
        Weight embedding = tensor("model.embed_tokens.weight", config.vocabulary(), config.hidden());
        List<Step> steps = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            steps.addAll(layer(layer));
        }
        Norm norm = norm("model.norm.weight");
        Linear head = Linear.withoutBias(
                config.tied() ? embedding : tensor("lm_head.weight", config.vocabulary(), config.hidden()));
        refuseUnused();
        ModelFacts facts = new ModelFacts(
                "llama",
                directory.toString(),
                config.layers(),
                config.hidden(),
                config.vocabulary(),
                config.context(),
                config.beginTokens(),
                endTokens);
        return new Decoder(facts, embedding, steps, norm, head, config.rotary(), Precision.FP32);
    }

    private List<Step> layer(int layer) {
        String prefix = "model.layers." + layer + ".";
        Origin origin = Origin.layer(directory.toString(), layer);
        long queries = (long) config.heads() * config.headSize();
        long keys = (long) config.kvHeads() * config.headSize();
        long hidden = config.hidden();
        long width = config.feedForward();
        boolean bias = config.attentionBias();
        Attention attention = new Attention(
                linear(prefix + "self_attn.q_proj", queries, hidden, bias),
                linear(prefix + "self_attn.k_proj", keys, hidden, bias),
                linear(prefix + "self_attn.v_proj", keys, hidden, bias),
                linear(prefix + "self_attn.o_proj", hidden, queries, bias),
                config.headSize(),
                List.of(new Attention.Heads(layer, config.heads(), config.kvHeads())));
        FeedForward feedForward = new FeedForward(
                linear(prefix + "mlp.gate_proj", width, hidden, config.mlpBias()),
                linear(prefix + "mlp.up_proj", width, hidden, config.mlpBias()),
                linear(prefix + "mlp.down_proj", hidden, width, config.mlpBias()));
        return Stream.of(
                        new Branch(Optional.of(norm(prefix + "input_layernorm.weight")), attention, origin),
                        new Branch(Optional.of(norm(prefix + "post_attention_layernorm.weight")), feedForward, origin))
                .map(Step::of)
                .toList();
    }

    private Norm norm(String name) {
        return new Norm(tensor(name, config.hidden()), config.epsilon());
    }

    private Linear linear(String name, long outputs, long inputs, boolean bias) {
        Weight weight = tensor(name + ".weight", outputs, inputs);
        return new Linear(weight, bias ? Optional.of(tensor(name + ".bias", outputs)) : Optional.empty());
    }

    private Weight tensor(String name, long... dims) {
        Stored stored = unused.remove(name);
        Shape expected = Shape.of(dims);
        if (stored == null) {
            throw TwofoldException.input("the tensor is missing")
                    .at(Origin.tensor(defaultFile, name))
                    .expected(expected)
                    .hint("check that config.json belongs to these tensors, or download the checkpoint again");
        }
        Origin origin = Origin.tensor(stored.file(), name);
        if (!stored.shape().equals(expected)) {
            throw TwofoldException.input("wrong shape")
                    .at(origin)
                    .found(stored.shape())
                    .expected(expected + " from config.json")
                    .hint("check that config.json belongs to these tensors, or download the checkpoint again");
        }
        if (!stored.dtype().isWeight()) {
            throw TwofoldException.input("unsupported element type")
                    .at(origin)
                    .found(stored.dtype())
                    .expected("F32, F16 or BF16")
                    .hint("convert the original checkpoint, not a quantised one");
        }
        return stored;
    }

    private void refuseUnused() {
        unused.keySet().removeIf(name -> name.endsWith(ROTARY_BUFFER));
        if (unused.isEmpty()) {
            return;
        }
        Stored first = unused.values().iterator().next();
        String others = unused.size() == 1 ? "" : " and " + (unused.size() - 1) + " more";
        throw TwofoldException.input("the model has no place for the tensor" + others)
                .at(Origin.tensor(first.file(), first.name()))
                .expected(config.layers() + " layers, as config.json says")
                .hint(
                        first.name().equals("lm_head.weight")
                                ? "set tie_word_embeddings to false to use it, or remove the tensor"
                                : "check that config.json belongs to these tensors");
    }
}
