package dev.twofold.target.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.source.Companion;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What users of ONNX Runtime GenAI are told of a tokenizer. */
final class GenAiTokenizerTest {

    private static List<String> notes(String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        return GenAiTokenizer.notes(
                List.of(new Companion("tokenizer.json", bytes.length, () -> new ByteArrayInputStream(bytes))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type': 'TemplateProcessing', 'single': [{'SpecialToken': {'id': '<s>'}}, {'Sequence': {'id': 'A'}}]}",
                "{'type': 'Sequence', 'processors': [{'type': 'ByteLevel'}, {'type': 'TemplateProcessing',"
                        + " 'single': [{'SpecialToken': {'id': '<s>'}}, {'Sequence': {'id': 'A'}}]}]}"
            })
    void a_begin_token_of_the_post_processor_is_named(String processor) {
        assertThat(notes(("{'post_processor': " + processor + "}").replace('\'', '"')))
                .singleElement()
                .asString()
                .contains("GenAI does not put <s> before a text");
    }

    @Test
    void spaces_that_it_reads_wrongly_are_told() {
        String decoder =
                "{'type': 'Sequence', 'decoders': [{'type': 'Replace'}, {'type': 'ByteFallback'}, {'type': 'Fuse'}]}";
        assertThat(notes(("{'decoder': " + decoder + "}").replace('\'', '"')))
                .singleElement()
                .asString()
                .contains("reads spaces wrongly");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'post_processor': null, 'decoder': {'type': 'ByteLevel'}}",
                "{'post_processor': {'type': 'TemplateProcessing', 'single': [{'Sequence': {'id': 'A'}}]}}",
                "{}"
            })
    void of_other_tokenizers_there_is_nothing_to_tell(String tokenizer) {
        assertThat(notes(tokenizer.replace('\'', '"'))).isEmpty();
        assertThat(GenAiTokenizer.notes(List.of())).isEmpty();
    }
}
