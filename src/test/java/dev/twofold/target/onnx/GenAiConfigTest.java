package dev.twofold.target.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.decoder.Decoder;
import dev.twofold.families.TinyFamilies;
import dev.twofold.graph.lower.KvLayout.Cache;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.SourceOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GenAiConfigTest {

    private static final String IN_PLACE = "/search/past_present_share_buffer";

    private static boolean keepsInPlace(int kvHeads, boolean may) {
        Decoder decoder = Sources.SHIPPED
                .open(TinyFamilies.checkpoint("llama2"), SourceOptions.NONE)
                .decoder();
        List<Cache> caches = List.of(new Cache(0, 0, kvHeads, decoder.headSize()));
        return GenAiConfig.of(decoder, caches, may).at(IN_PLACE).booleanValue();
    }

    @Test
    void caches_stay_in_place_where_a_whole_context_takes_a_gibibyte_or_less() {
        Decoder decoder = Sources.SHIPPED
                .open(TinyFamilies.checkpoint("llama2"), SourceOptions.NONE)
                .decoder();
        int head = 2 * decoder.headSize() * decoder.facts().contextLength() * Float.BYTES;
        int most = (1 << 30) / head;
        assertThat(keepsInPlace(most, true)).isTrue();
        assertThat(keepsInPlace(most + 1, true)).isFalse();
        assertThat(keepsInPlace(1, false)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"ort, true", "onnx, false"})
    void only_the_runtimes_own_operators_write_into_what_they_read(
            String dialect, boolean inPlace, @TempDir Path directory) throws IOException {
        CommandRun.succeeding(
                "convert",
                TinyFamilies.checkpoint("llama2"),
                "-o",
                directory.resolve("model"),
                "--window",
                "0:0",
                "--dialect",
                dialect,
                "--quiet");
        assertThat(new ObjectMapper()
                        .readTree(directory.resolve("model/genai_config.json").toFile())
                        .at(IN_PLACE)
                        .booleanValue())
                .isEqualTo(inPlace);
    }
}
