package dev.twofold.target.onnx;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.tensor.Precision;
import java.util.List;

/** The {@code genai_config.json} that ONNX Runtime GenAI loads a model by. GenAI refuses keys it does not know. */
public final class GenAiConfig {

    public static final String NAME = "genai_config.json";

    private GenAiConfig() {}

    /** Caches of the whole context that are kept in place: so much memory GenAI takes at once for them. */
    private static final long IN_PLACE = 1L << 30;

    /**
     * @param caches the KV caches of the graph, in order
     * @param inPlace whether the graph may write new keys and values into the caches that it reads
     */
    public static ObjectNode of(Decoder decoder, List<KvLayout.Cache> caches, boolean inPlace) {
        ModelFacts facts = decoder.facts();
        ObjectNode root = new ObjectMapper().createObjectNode();
        ObjectNode model = root.putObject("model");
        model.put("type", facts.runtimeType());
        if (!facts.beginTokens().isEmpty()) {
            model.put("bos_token_id", facts.beginTokens().get(0));
        }
        if (!facts.endTokens().isEmpty()) {
            if (facts.endTokens().size() == 1) {
                model.put("eos_token_id", facts.endTokens().get(0));
            } else {
                facts.endTokens().forEach(model.withArray("eos_token_id")::add);
            }
        }
        facts.padToken()
                .or(() -> facts.endTokens().stream().findFirst())
                .ifPresent(token -> model.put("pad_token_id", token));
        model.put("context_length", facts.contextLength());
        model.put("vocab_size", facts.vocabularySize());
        decoder(model.putObject("decoder"), decoder, caches);
        search(root.putObject("search"), facts, inPlace && bytes(decoder, caches) <= IN_PLACE);
        return root;
    }

    private static void decoder(ObjectNode target, Decoder decoder, List<KvLayout.Cache> caches) {
        target.put("filename", GraphNames.MODEL);
        target.put("head_size", decoder.headSize());
        target.put("hidden_size", decoder.facts().hiddenSize());
        target.put(
                "num_attention_heads",
                decoder.attentionLayers().stream()
                        .mapToInt(layer -> layer.heads())
                        .max()
                        .orElse(0));
        target.put("num_hidden_layers", caches.size());
        target.put(
                "num_key_value_heads",
                caches.stream().mapToInt(KvLayout.Cache::kvHeads).max().orElse(0));
        ObjectNode session = target.putObject("session_options");
        session.put("log_id", "twofold");
        // ONNX Runtime's CPU provider does not compute in bf16; everything else is left to the host's choice.
        if (decoder.precision() == Precision.BF16) {
            session.putArray("provider_options").addObject().putObject("cuda");
        } else {
            session.putArray("provider_options");
        }
        ObjectNode inputs = target.putObject("inputs");
        inputs.put("input_ids", GraphNames.IDS);
        inputs.put("attention_mask", GraphNames.MASK);
        inputs.put("past_key_names", GraphNames.PAST + "%d.key");
        inputs.put("past_value_names", GraphNames.PAST + "%d.value");
        ObjectNode outputs = target.putObject("outputs");
        outputs.put("logits", GraphNames.LOGITS);
        outputs.put("present_key_names", GraphNames.PRESENT + "%d.key");
        outputs.put("present_value_names", GraphNames.PRESENT + "%d.value");
    }

    /** Of the caches of a text as long as the context. */
    private static long bytes(Decoder decoder, List<KvLayout.Cache> caches) {
        long width = caches.stream()
                .mapToLong(cache -> (long) cache.kvHeads() * cache.headSize())
                .sum();
        return 2
                * width
                * decoder.facts().contextLength()
                * decoder.precision().dtype().bytes();
    }

    private static void search(ObjectNode target, ModelFacts facts, boolean inPlace) {
        target.put("max_length", facts.contextLength());
        target.put("min_length", 0);
        target.put("do_sample", false);
        target.put("num_beams", 1);
        target.put("num_return_sequences", 1);
        target.put("past_present_share_buffer", inPlace);
        target.put("temperature", 1.0);
        target.put("top_k", 50);
        target.put("top_p", 1.0);
        target.put("repetition_penalty", 1.0);
        target.put("length_penalty", 1.0);
        target.put("diversity_penalty", 0.0);
        target.put("no_repeat_ngram_size", 0);
        target.put("early_stopping", true);
    }
}
