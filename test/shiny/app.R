# A Shiny page whose outputs follow an input and the clock. Rscript app.R PORT
library(shiny)

ui <- fluidPage(
  titlePanel("Hello Shiny!"),
  sidebarLayout(
    sidebarPanel(numericInput("bins", "Number of bins", value = 30, min = 5, max = 50)),
    mainPanel(textOutput("summary"), textOutput("ticks"), plotOutput("histogram"))
  )
)

server <- function(input, output, session) {
  started <- Sys.time()
  output$summary <- renderText(paste(input$bins, "bins"))
  output$ticks <- renderText({
    invalidateLater(200)
    as.integer(5 * as.numeric(difftime(Sys.time(), started, units = "secs")))
  })
  output$histogram <- renderPlot(
    hist(faithful$waiting, breaks = seq(min(faithful$waiting), max(faithful$waiting), length.out = input$bins + 1))
  )
}

port <- as.integer(commandArgs(trailingOnly = TRUE)[1])
runApp(shinyApp(ui, server), port = port, host = "127.0.0.1", launch.browser = FALSE)
