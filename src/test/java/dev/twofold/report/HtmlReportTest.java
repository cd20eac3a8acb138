package dev.twofold.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class HtmlReportTest {

    private static final Pattern DATA =
            Pattern.compile("<script type=\"application/json\" id=\"document\">(.*?)</script>", Pattern.DOTALL);

    @Test
    void holds_the_document_as_it_is() throws Exception {
        for (ObjectNode document : List.of(Documents.sample(), Documents.hostile(), Documents.bare())) {
            Matcher data = DATA.matcher(HtmlReport.render(document));

            assertThat(data.find()).isTrue();
            assertThat((JsonNode) new ObjectMapper().readTree(data.group(1))).isEqualTo(document);
        }
    }

    @Test
    void a_hostile_name_adds_no_markup() {
        String plain = HtmlReport.render(Documents.sample());
        String hostile = HtmlReport.render(Documents.hostile());

        assertThat(elements(hostile)).isEqualTo(elements(plain));
        assertThat(hostile).contains("<title>&lt;/script&gt;");
    }

    private static List<String> elements(String page) {
        List<String> elements = new ArrayList<>();
        Matcher element = Pattern.compile("</?(?:script|img|title)\\b|<!--").matcher(page);
        while (element.find()) {
            elements.add(element.group());
        }
        return elements;
    }

    @Test
    void needs_nothing_from_elsewhere() {
        String page = HtmlReport.render(Documents.sample());
        String markup = page.substring(0, page.indexOf("<script"));
        List<String> references = Pattern.compile(
                        "\\s(?:src|href|action|data|srcset|poster)\\s*=\\s*[\"']?([^\"'\\s>]+)")
                .matcher(markup)
                .results()
                .map(found -> found.group(1))
                .toList();

        assertThat(references)
                .allMatch(target -> target.matches("#\\w+|data:,|https://arxiv\\.org/abs/\\d{4}\\.\\d{5}"))
                .contains("https://arxiv.org/abs/2502.02790");
        assertThat(markup).doesNotContain("@import", "url(", "<iframe", "<object", "<embed");
        assertThat(withoutLibrary(page).substring(markup.length()))
                .doesNotContain("http:", "https:", "fetch(", "import(");
        assertThat(page).contains("content=\"default-src 'none'; script-src 'unsafe-inline';");
    }

    /** Of the library's code only its notice is text that looks like a link. */
    private static String withoutLibrary(String page) {
        int library = page.indexOf("Apache ECharts\nCopyright");
        return page.substring(0, library) + page.substring(page.indexOf("</script>", library));
    }

    @Test
    void keeps_the_notices_of_the_library() {
        String page = HtmlReport.render(Documents.sample());

        assertThat(page)
                .contains("Licensed to the Apache Software Foundation (ASF)")
                .contains("This product includes software developed at")
                .contains("Apache License\n")
                .contains("Redistributions in binary form must reproduce the above copyright notice");
    }

    @Test
    void equal_documents_give_equal_pages() {
        ObjectNode document = Documents.sample();
        ObjectNode reordered = JsonNodeFactory.instance.objectNode();
        List<String> keys = new ArrayList<>();
        document.fieldNames().forEachRemaining(keys::add);
        for (int i = keys.size() - 1; i >= 0; i--) {
            reordered.set(keys.get(i), document.get(keys.get(i)));
        }

        assertThat(HtmlReport.render(document))
                .isEqualTo(HtmlReport.render(Documents.sample()))
                .isEqualTo(HtmlReport.render(reordered));
    }

    @Test
    void every_part_of_the_page_is_filled_in() {
        assertThat(withoutLibrary(HtmlReport.render(Documents.sample()))).doesNotContain("{{");
    }
}
